"""The words about clocks, messages and the official calendar, in Chinese and English."""

from schemas.messages import Text


def _text(zh: str, en: str) -> Text:
    return Text(zh=zh, en=en)


CLOCK_WORDS: dict[str, Text] = {
    "message.new_order": _text(
        "您有新工单 {order}（{village}），应于 {due} 前办结。", "A new order, {order} ({village}), due {due}."
    ),
    "message.due_soon": _text(
        "工单 {order}（{village}）将于 {due} 到期，请抓紧办理。", "Order {order} ({village}) is due soon: {due}."
    ),
    "message.due_today": _text(
        "工单 {order}（{village}）今天到期（{due}），请今天办结。", "Order {order} ({village}) is due today: {due}."
    ),
    "message.overdue": _text(
        "工单 {order}（{village}）已超期，应于 {due} 前办结，请督促办理。",
        "Order {order} ({village}) is overdue since {due}; please see to it.",
    ),
    "message.clock_paused": _text(
        "工单 {order}（{village}）已暂停计时，时限：{due}。",
        "The clock of order {order} ({village}) was paused; due: {due}.",
    ),
    "message.clock_resumed": _text(
        "工单 {order}（{village}）恢复计时，请在 {due} 前办结。",
        "The clock of order {order} ({village}) runs again, due {due}.",
    ),
    "message.time_refused": _text(
        "工单 {order}（{village}）的延期申请未批准，照常计时，请在 {due} 前办结。",
        "More time for order {order} ({village}) was refused; its clock runs on, due {due}.",
    ),
    "message.no_due": _text("恢复计时后重新计算", "reckoned when the clock runs again"),
    "messages.title": _text("消息", "Messages"),
    "messages.unread": _text("{count} 条未读", "{count} unread"),
    "messages.none": _text("还没有消息。", "No messages yet."),
    "messages.new": _text("未读", "New"),
    "messages.read_all": _text("全部标为已读", "Mark all as read"),
    "messages.older": _text("更早的消息", "Older messages"),
    "clock.title": _text("计时", "The clock"),
    "clock.pause": _text("暂停计时", "Pause the clock"),
    "clock.resume": _text("恢复计时", "Start the clock again"),
    "clock.reason": _text("原因", "Reason"),
    "clock.resume_reason": _text("恢复原因", "Why it runs again"),
    "clock.hint": _text(
        "暂停期间不计工作日；已经超期的工单不能暂停。", "Paused days do not count. What is overdue cannot be paused."
    ),
    "clock.from_to": _text("{start} 至 {end}", "{start} to {end}"),
    "clock.from": _text("自 {start} 起", "since {start}"),
    "clock.reason.away_for_treatment": _text("全家在外地治疗", "Away for treatment"),
    "clock.reason.away_for_work": _text("外出务工未归", "Away for work"),
    "clock.reason.disaster": _text("灾害或停工，无法入户", "Disaster or closure"),
    "clock.reason.waiting_for_department": _text("等待部门核实", "Waiting for a department"),
    "calendar.nav": _text("日历", "Calendar"),
    "calendar.title": _text("工作日历", "Working calendar"),
    "calendar.published": _text("已公布的年份", "Published years"),
    "calendar.provisional": _text(
        "{year} 年及以后按周末和法定固定节日推算，截止日显示为“暂定”；导入通知后自动更正。",
        "From {year} on, dates are reckoned from weekends and fixed holidays and marked as provisional; "
        "importing the notice corrects them.",
    ),
    "calendar.import": _text("导入国务院放假通知", "Import the State Council's notice"),
    "calendar.year": _text("年份", "Year"),
    "calendar.notice": _text("文号，如 国办发明电〔2026〕7号", "Number of the notice"),
    "calendar.file": _text("文件", "File"),
    "calendar.file_hint": _text(
        "holiday-cn 格式的 JSON，或 UTF-8 编码的 CSV：date,kind 两列，kind 填 off（放假）或 work（调休上班）。",
        "JSON in the shape of holiday-cn, or CSV in UTF-8 with the columns date and kind (off or work).",
    ),
    "calendar.preview": _text("预览变化", "Preview the changes"),
    "calendar.preview_title": _text("{year} 年放假安排预览", "Preview of {year}"),
    "calendar.days_change": _text("{count} 天的安排有变化", "{count} days change"),
    "calendar.orders_move": _text("{count} 件在办工单的截止日会变动", "{count} open orders are due on another day"),
    "calendar.shift": _text("{before} → {after}：{count} 件", "{before} → {after}: {count} orders"),
    "calendar.settled": _text("不再是暂定", "no longer provisional"),
    "calendar.confirm": _text("确认导入", "Import"),
    "calendar.not_taken": _text("文件不能导入，请按下列提示更正", "The file was not taken; please mend this"),
    "calendar.own": _text("本市停工或补班", "The city's own days"),
    "calendar.own_hint": _text(
        "灾害停工、地方节日等，只影响工作日的计算；过去的日子也可以登记。",
        "Disaster closures, local holidays. Past days may be entered too.",
    ),
    "calendar.day": _text("日期", "Day"),
    "calendar.kind": _text("安排", "Kind"),
    "calendar.off": _text("放假", "off"),
    "calendar.work": _text("上班", "worked"),
    "calendar.reason": _text("依据", "On what ground"),
    "calendar.enter": _text("登记", "Enter"),
    "calendar.withdraw": _text("撤销 {day}", "Withdraw {day}"),
}
