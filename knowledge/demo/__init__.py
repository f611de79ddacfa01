"""The demo city 云州市 (Yunzhou): an invented city with its cases, written for this project."""

from pathlib import Path

__all__ = ["demo_files", "examples"]

FOLDER = Path(__file__).parent / "cases"


def demo_files() -> tuple[Path, ...]:
    """The demo city's case files, in a fixed order."""
    return tuple(sorted(FOLDER.glob("*.jsonl")))


def examples() -> dict[str, tuple[str, ...]]:
    """Example questions by language, for an empty page."""
    return {
        "zh": (
            "暴雨后立交桥下积水已有半米，两辆车被困，怎么办？",
            "老旧小区电梯困住三个人，物业说维保要一小时才到",
            "工地半夜浇混凝土，居民连续几天投诉睡不着",
            "包工头跑了，二十多个工人围在项目部讨薪",
        ),
        "en": (
            "Gas smell in an apartment block, 30 households, what now?",
            "Bikes block the metro exit; trucks clear them and they come back",
            "A prepaid gym closed overnight, 300 members want refunds",
            "Crowd at the riverside on New Year's Eve, over ten thousand people",
        ),
    }
