"""What is left of personal data where the whole of it is not needed."""

_SIDE_BY_SIDE = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶太叔申屠公孙慕容"
    "仲孙钟离长孙宇文司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良漆雕乐正宰父谷梁拓跋夹谷轩辕令狐"
    "段干百里呼延东郭南门羊舌微生公户公玉公仪梁丘公仲公上公门公山公坚左丘公伯西门公祖第五公乘贯丘公皙"
    "南荣东里东宫仲长子书子桑即墨达奚褚师"
)
COMPOUND_SURNAMES = frozenset(_SIDE_BY_SIDE[at : at + 2] for at in range(0, len(_SIDE_BY_SIDE), 2))


def masked_name(name: str) -> str:
    """The surname and a star: 张*, 欧阳*."""
    surname_length = 2 if name[:2] in COMPOUND_SURNAMES and len(name) > 2 else 1
    return name[:surname_length] + "*"


def masked_identity_number(number: str) -> str:
    """The first six characters, which name the county, and the last four."""
    return number[:6] + "*" * (len(number) - 10) + number[-4:] if len(number) > 10 else "*" * len(number)


def masked_phone(phone: str) -> str:
    """The first three and the last four digits."""
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:] if len(phone) > 7 else "*" * len(phone)
