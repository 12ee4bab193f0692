PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE migrations (name TEXT PRIMARY KEY);
INSERT INTO migrations VALUES('runs_table');
INSERT INTO migrations VALUES('rows_of_folders');
CREATE TABLE runs (
            id TEXT PRIMARY KEY,
            place INTEGER NOT NULL,
            name TEXT NOT NULL,
            batch TEXT,
            config TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'cancelling', 'cancelled', 'failed',
                                                 'finished', 'interrupted')),
            sentence TEXT,
            created REAL NOT NULL,
            started REAL,
            ended REAL,
            step INTEGER NOT NULL DEFAULT 0,
            progress REAL NOT NULL DEFAULT 0,
            seconds_left REAL,
            attempt INTEGER NOT NULL DEFAULT 0,
            cancel_asked REAL,
            hurry INTEGER NOT NULL DEFAULT 0,
            pid INTEGER,
            pid_started REAL,
            pid_boot TEXT
        );
INSERT INTO runs VALUES('ee0482cb',1,'fair',NULL,'{"teacher": "embedded/teacher", "seed": 0, "student": {"kind": "layers", "layers": null, "freeze_embeddings": true, "hidden_layers": 3, "width": 192, "heads": 6, "projection": true, "reference": null}, "corpus": {"source": "/home/user/sentences.txt", "column": null, "split": null, "most": 4000, "max_tokens": 128, "swap": true, "swap_names": true}, "masking": {"rate": 0.2, "masked": 0.8, "random": 0.1, "group_rate": null}, "objective": {"kd": 5.0, "mlm": 2.0, "hidden": 1.0, "group": 8.0, "temperature": 2.0, "positions": "masked", "sample": 0.3, "label": "spread", "chunk": 512}, "constraint": {"contrast": "pronouns", "words": null, "kind": "group", "strength": 1.0, "scope": "masked", "shares": null, "slots": ["subject", "possessive"], "skip_unspellable": false}, "optimizer": {"learning_rate": 0.0006, "schedule": "linear", "weight_decay": 0.01, "warmup": 0.05, "clip": 2.0, "micro_batch_tokens": 256, "accumulate": 2, "precision": "auto"}, "budget": {"steps": 4, "minutes": null, "stop_gap": null, "stop_quality": 0.1, "stop_plain": null, "stop_mass": 0.5}, "evaluation": {"contrast": "pronouns", "words": null, "every_steps": 2, "every_seconds": 30.0, "sentences": 10, "probes": ["[MASK] is a nurse.", "Milk is a [MASK]."], "top_k": 3, "professions": 2}, "checkpoint": {"every_steps": 2, "every_seconds": 60.0, "keep": 1}, "threads": null, "log_every": 1}','finished',NULL,1795831908.8827388286,1795831908.8827388286,1795832068.271100521,4,1.0,NULL,1,NULL,0,NULL,3336.5399999618530273,'6e7d6d59-4f76-4687-9593-6bb286e299e4');
INSERT INTO runs VALUES('016458da',2,'fair',NULL,'{"teacher": "embedded/teacher", "seed": 0, "student": {"kind": "layers", "layers": null, "freeze_embeddings": true, "hidden_layers": 3, "width": 192, "heads": 6, "projection": true, "reference": null}, "corpus": {"source": "/home/user/sentences.txt", "column": null, "split": null, "most": 4000, "max_tokens": 128, "swap": true, "swap_names": true}, "masking": {"rate": 0.2, "masked": 0.8, "random": 0.1, "group_rate": null}, "objective": {"kd": 5.0, "mlm": 2.0, "hidden": 1.0, "group": 8.0, "temperature": 2.0, "positions": "masked", "sample": 0.3, "label": "spread", "chunk": 512}, "constraint": {"contrast": "pronouns", "words": null, "kind": "group", "strength": 1.0, "scope": "masked", "shares": null, "slots": ["subject", "possessive"], "skip_unspellable": false}, "optimizer": {"learning_rate": 0.0006, "schedule": "linear", "weight_decay": 0.01, "warmup": 0.05, "clip": 2.0, "micro_batch_tokens": 256, "accumulate": 2, "precision": "auto"}, "budget": {"steps": 4000, "minutes": null, "stop_gap": null, "stop_quality": 0.1, "stop_plain": null, "stop_mass": 0.5}, "evaluation": {"contrast": "pronouns", "words": null, "every_steps": 2000, "every_seconds": 30.0, "sentences": 10, "probes": ["[MASK] is a nurse.", "Milk is a [MASK]."], "top_k": 3, "professions": 2}, "checkpoint": {"every_steps": 4000, "every_seconds": 60.0, "keep": 1}, "threads": null, "log_every": 100000}','interrupted','The run was asked to end and stored step 2; it can be resumed.',1795832107.2325148582,1795832107.2325148582,1795832194.629499197,2,0.0,NULL,1,NULL,0,NULL,3538.7100000381469726,'6e7d6d59-4f76-4687-9593-6bb286e299e4');
CREATE INDEX runs_by_state ON runs (state, place);
COMMIT;
