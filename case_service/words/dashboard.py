"""The words of the dashboard."""

from schemas.messages import Text


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


DASHBOARD_WORDS: dict[str, Text] = {
    "dashboard.title": _text("数据看板 · {unit}", "Dashboard · {unit}"),
    "dashboard.link": _text("数据看板", "Dashboard"),
    "dashboard.wall": _text("大屏显示", "For a wall screen"),
    "dashboard.desk": _text("返回桌面版", "Back to the desk"),
    "dashboard.as_of": _text("截至 {when}", "As of {when}"),
    "dashboard.suppressed": _text(
        "小于 {least} 的数不显示，能推算出它的数也不显示（–）。",
        "Counts below {least} are not shown, nor what would tell them (–).",
    ),
    "dashboard.hidden": _text("不足 {least}，不显示", "below {least}, not shown"),
    "dashboard.theme": _text("项目", "Item"),
    "dashboard.rate": _text("比率", "Rate"),
    "dashboard.nothing": _text("还没有数据。", "Nothing to show yet."),
    "dashboard.chart": _text("{title}图，数据见下表", "Chart: {title}; the figures are in the table below"),
    "dashboard.by_unit": _text("各地业务量", "Business volume by place"),
    "dashboard.by_month": _text("近十二个月", "Over twelve months"),
    "dashboard.in_time": _text("按期办结", "Deadlines kept"),
    "dashboard.late": _text("逾期办结", "Closed late"),
    "dashboard.by_model": _text("各类预警及成效", "Warnings and yield by model"),
    "dashboard.by_department": _text("各部门办理", "By department"),
    "dashboard.by_help": _text("各类救助", "By type of help"),
    "dashboard.freshness": _text("数据新鲜度", "Freshness of data"),
    "dashboard.opened": _text("新增工单", "Opened"),
    "dashboard.closed": _text("办结工单", "Closed"),
    "dashboard.asked_for": _text("转办部门工单", "Asked of departments"),
    "dashboard.model.orders": _text("工单", "Orders"),
    "dashboard.model.closed": _text("已办结", "Closed"),
    "dashboard.model.helped": _text("已救助", "Helped"),
    "dashboard.model.referred": _text("已转办", "Referred"),
}
