"""Names of people, streets, employers and hospitals that do not exist."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

# Surnames with rough weights; the rare ones at the end stand in no GBK table.
SURNAMES = {
    "王": 72, "李": 70, "张": 66, "刘": 50, "陈": 48, "杨": 30, "黄": 24, "赵": 22, "吴": 30, "周": 30,
    "徐": 22, "孙": 20, "马": 14, "朱": 18, "胡": 22, "郭": 10, "何": 16, "林": 10, "高": 12, "罗": 8,
    "郑": 10, "梁": 6, "谢": 8, "宋": 8, "唐": 10, "许": 10, "韩": 6, "冯": 6, "邓": 5, "曹": 8,
    "彭": 6, "曾": 4, "肖": 4, "田": 4, "董": 5, "袁": 5, "潘": 8, "于": 3, "蒋": 5, "蔡": 4,
    "余": 8, "杜": 4, "叶": 6, "程": 10, "苏": 4, "魏": 4, "吕": 4, "丁": 6, "任": 4, "沈": 5,
    "姚": 10, "卢": 4, "姜": 4, "崔": 2, "钟": 3, "谭": 2, "陆": 4, "汪": 20, "范": 5, "金": 5,
    "石": 4, "廖": 2, "贾": 2, "夏": 6, "韦": 1, "方": 14, "白": 2, "邹": 3, "孟": 2, "章": 12,
    "疏": 4, "佘": 3, "左": 4, "钱": 8, "江": 8, "欧阳": 1, "诸葛": 1, "上官": 1, "䶮": 1,
}  # fmt: skip
MALE_FIRST = "建国志文家永德明宏庆世长学承子俊浩宇小大成立新正光金海春振"
MALE_SECOND = "军强伟华平民生林峰涛斌辉刚勇杰超鹏宇轩涵泽根发贵宝来福山田水宁"
FEMALE_FIRST = "秀桂玉淑春美小雅晓丽雪梦子欣月凤兰翠巧金红文佳思静素"
FEMALE_SECOND = "英兰珍芳娟敏静燕霞萍红梅琴莲云娣香怡涵婷萱琪琳妹华蓉洁"
RARE_CHARACTERS = ("䶮", "㛃", "𠮷", "𬭚")
ONE_CHARACTER_SHARE = 0.18
ONE_RARE_NAME_IN = 300

HOSPITALS = {
    "3": ("铜都第一人民医院", "铜都第二人民医院", "江南中医院", "省城大学附属医院(异地)"),
    "2": ("东湖区人民医院", "义乡县医院", "枞川县人民医院", "矿山职工医院"),
    "1": ("老洲镇中心卫生院", "胥圩乡卫生院", "横港社区卫生服务中心", "天井社区卫生服务中心"),
    "9": ("康宁门诊部", "便民诊所", "仁和大药房", "百姓大药房,横港店"),
}
EMPLOYERS = tuple(
    f"{place}{trade}有限公司"
    for place in ("铜都", "江南", "天井湖", "凤凰山", "长江", "横港", "枞川", "狮子岭")
    for trade in ("铜加工", "电子材料", "建筑安装", "物流", "纺织", "食品", "物业服务", "化工", "机械", "商贸")
)
FLEXIBLE_EMPLOYER = "灵活就业人员窗口"
DISEASE_CHAPTERS = (
    "肿瘤",
    "循环系统疾病",
    "呼吸系统疾病",
    "消化系统疾病",
    "内分泌和代谢疾病",
    "泌尿生殖系统疾病",
    "神经系统疾病",
    "肌肉骨骼疾病",
    "损伤和中毒",
    "精神和行为障碍",
)
CHRONIC_DISEASES = ("M03900", "M07801", "M01600", "M00500", "M05300", "M08300", "M02200")


def person_names(
    rng: np.random.Generator, is_male: npt.NDArray[np.bool_], family_of: npt.NDArray[np.int64], families: int
) -> pa.StringArray:
    """A name for each person; `family_of` numbers the family name each one bears."""
    weights = np.array(list(SURNAMES.values()), float)
    surname = rng.choice(len(SURNAMES), families, p=weights / weights.sum())[family_of]
    first, second = _given_names(rng, is_male)
    joined = pc.binary_join_element_wise(pa.array(list(SURNAMES)).take(pa.array(surname)), first, second, "")
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def worker_names(rng: np.random.Generator, count: int) -> list[str]:
    """Display names for grid workers and supervisors."""
    names: list[str] = person_names(rng, rng.random(count) < 0.4, np.arange(count), count).to_pylist()
    return names


def _given_names(rng: np.random.Generator, is_male: npt.NDArray[np.bool_]) -> tuple[pa.Array, pa.Array]:
    size = len(is_male)
    first = np.where(is_male, rng.choice(list(MALE_FIRST), size), rng.choice(list(FEMALE_FIRST), size))
    second = np.where(is_male, rng.choice(list(MALE_SECOND), size), rng.choice(list(FEMALE_SECOND), size))
    first = np.where(rng.random(size) < ONE_CHARACTER_SHARE, "", first)
    rare = np.arange(size) % ONE_RARE_NAME_IN == ONE_RARE_NAME_IN // 2
    second[rare] = np.resize(RARE_CHARACTERS, int(rare.sum()))
    return pa.array(first.tolist(), pa.string()), pa.array(second.tolist(), pa.string())
