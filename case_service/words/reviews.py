"""The words of reviews."""

from schemas.messages import Text


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


REVIEW_WORDS: dict[str, Text] = {
    "review.link": _text("待遇复核", "Reviews"),
    "review.list_title": _text("待遇复核线索", "Findings for review"),
    "review.line": _text(
        "可能停发或减发待遇的线索，与救助工单完全分开：须两个来源印证、告知本人、听取陈述，由未经手的人员决定，可以申诉。",
        "What might end a benefit, apart from all help: it needs two sources, notice, a hearing, "
        "a decision by somebody who did not prepare it, and may be appealed.",
    ),
    "review.title": _text("复核线索 {number}", "Finding {number}"),
    "review.count": _text("共 {count} 条", "{count} in all"),
    "review.none": _text("没有待复核的线索。", "Nothing to review."),
    "review.sources": _text("{count} 个来源印证", "{count} sources agree"),
    "review.steps": _text("经过", "Steps taken"),
    "review.no_steps": _text("还没有处理。", "Nothing was done yet."),
    "review.next": _text("下一步", "Next"),
    "review.nothing_next": _text(
        "您现在没有可以办理的步骤：可能要等期限届满，或者应由未经手的人员办理。",
        "No step is open to you now: a term may be running, or somebody else has to take it.",
    ),
    "review.text": _text("说明（{step}）", "In words ({step})"),
    "review.decision": _text("决定", "Decision"),
    "review.last_day": _text("期限至 {day}", "Until {day}"),
    "review_status.received": _text("待印证", "To corroborate"),
    "review_status.corroborated": _text("已印证，待告知", "To give notice"),
    "review_status.noticed": _text("已告知，待陈述", "Notice given"),
    "review_status.heard": _text("已听取陈述，待决定", "To decide"),
    "review_status.decided": _text("已决定，申诉期内", "Decided"),
    "review_status.appealed": _text("申诉中", "Appealed"),
    "review_status.closed": _text("已了结", "Closed"),
    "review_status.dismissed": _text("不成立", "Dismissed"),
    "review_step.corroborate": _text("用第二个来源印证", "Corroborate by a second source"),
    "review_step.give_notice": _text("告知本人", "Give notice"),
    "review_step.hold_hearing": _text("听取陈述", "Hold the hearing"),
    "review_step.decide": _text("作出决定", "Decide"),
    "review_step.decide_unheard": _text("逾期未陈述，作出决定", "Decide without a hearing"),
    "review_step.take_appeal": _text("受理申诉", "Take the appeal"),
    "review_step.decide_appeal": _text("申诉决定", "Decide on the appeal"),
    "review_step.close": _text("申诉期满了结", "Close after the term"),
    "review_step.dismiss": _text("线索不成立", "Dismiss"),
    "review_decision.keep": _text("维持待遇", "Keep the benefit"),
    "review_decision.reduce": _text("减发", "Reduce it"),
    "review_decision.stop": _text("停发", "Stop it"),
    "review.refused.standing": _text("线索已经不在这一步", "The finding stands elsewhere by now"),
    "review.refused.same_person": _text(
        "经手过的人员不能作这个决定", "Whoever prepared or decided it may not decide here"
    ),
    "review.refused.too_early": _text("期限还没有届满", "The term is still running"),
    "review.refused.decision": _text("请选择决定", "Choose the decision"),
}
