"""Learn: the lessons of `fairkd.lessons`, with live parts on the chosen models.

* `page`: the list of lessons, or one lesson
* `screens`: the screens of a lesson: one below the other, or one at a time for an audience
* `questions`: a question, its answer, how the class answered; `class_answers`: the answers of all visitors
* `exercises`: an exercise with its result
* `lesson_parts`: what a lesson's own module gives the page; `NAME_lesson`: that module
* `class_link`: the link that opens the same screen in everybody's browser
"""
