from .attention_projections import (
    AttentionShape as AttentionShape,
    attention_shape as attention_shape,
    recorded_attention as recorded_attention,
)
from .bert_encoder import ROW_STEP as ROW_STEP, masked_rows as masked_rows, whole_rows as whole_rows
from .card_entries import card_languages as card_languages
from .fill_mask import fill_mask_difference as fill_mask_difference
from .fingerprint import model_digest as model_digest, weights_hash as weights_hash
from .head_structure import Projection as Projection
from .joint_head import logits_of_each as logits_of_each, share_projection as share_projection
from .latency import THREADS as THREADS, forward_milliseconds as forward_milliseconds
from .loading import (
    Description as Description,
    MaskedLM as MaskedLM,
    TokenizerKind as TokenizerKind,
    describe as describe,
    load as load,
)
from .mask_syntax import (
    begins_sentence as begins_sentence,
    complete_masks as complete_masks,
    half_masks as half_masks,
    typed_mask as typed_mask,
)
from .mixed_precision import bf16_copy as bf16_copy
from .mlm_head import (
    batch_tokens as batch_tokens,
    head_input as head_input,
    head_is_known as head_is_known,
    layers_of as layers_of,
    log_probabilities_at as log_probabilities_at,
    logits_at as logits_at,
    model_errors as model_errors,
    projection_of as projection_of,
    rows_of as rows_of,
    same_head as same_head,
    states_and_head_input as states_and_head_input,
    states_width as states_width,
    transform_of as transform_of,
    unknown_head_note as unknown_head_note,
)
from .references import (
    EMBEDDED as EMBEDDED,
    embedded as embedded,
    embedded_hash as embedded_hash,
    of_runs as of_runs,
    run_folder as run_folder,
    shipped_hashes as shipped_hashes,
)
from .repeatable_output import is_repeatable as is_repeatable, make_repeatable as make_repeatable
from .safe_files import reason as reason
from .spellings import (
    refuse_unspellable as refuse_unspellable,
    single_token_spellings as single_token_spellings,
    written_forms as written_forms,
)
from .token_batching import (
    BATCH_TOKENS as BATCH_TOKENS,
    VOCABULARY_ROWS as VOCABULARY_ROWS,
    token_batches as token_batches,
)
from .token_strings import (
    CONTINUES as CONTINUES,
    SPACE as SPACE,
    ids_by_word as ids_by_word,
    readable as readable,
    word_of as word_of,
)
from .tokenization import (
    Encoding as Encoding,
    UnknownWord as UnknownWord,
    encode as encode,
    is_space_token as is_space_token,
    logits_by_row as logits_by_row,
    parse as parse,
    token_ids as token_ids,
    tokenize_word as tokenize_word,
    tokens_by_word as tokens_by_word,
    unknown_parts as unknown_parts,
)
from .trimming import take_tokens as take_tokens, trim as trim
from .vocabulary_match import (
    BOTH_MARKED as BOTH_MARKED,
    SPLIT as SPLIT,
    MatchedVocabularies as MatchedVocabularies,
    VocabularyMatch as VocabularyMatch,
    match as match,
    match_by_id as match_by_id,
)
