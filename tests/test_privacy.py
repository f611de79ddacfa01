"""Personal data: a table written by hand in both languages, what must stand, and properties that hold for any text.

«…» marks what is personal, with its kind behind the bar. Precision and recall over the table are printed with -rP.
"""

import re
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.demo.calls import read_demo_calls
from knowledge.places import read_places
from knowledge.privacy import KIND_NAMES, find_personal, mask, mask_all
from knowledge.privatenumbers import id_check_digit

MARKED = re.compile(r"«([^|»]+)\|([a-z]+)»")
TOLD = """
我的电话是«13800001234|phone»，随时打
您打«138 0000 1234|phone»找我
号码«138-0000-1234|phone»，别记错了
«幺三八零零零零一二三四|phone»，就是这个号
电话幺三八，«|x»
手机号«一三八 零零零零 五六七八|phone»
座机«0571-88880000|phone»
打家里«010-66660000|phone»也行
联系方式：«8866 0000|phone»
你记一下，«1 3 9 0 0 0 0 1 1 1 1|phone»
国外的号码«+86 13900001111|phone»
身份证号«990101195401012314|id»
证件号码«110105194912310021|id»要不要
«11010519491231002X|id»，我念完了
卡号«6222 0200 0000 0000 000|bank»，钱打到这里
银行卡«4111111111111111|bank»被扣了两回
白车«云A12345|plate»天天停在这儿
车牌号«粤B·D12345|plate»那辆货车
那辆«京A F8888|plate»
我的邮箱是«wang_01@example.com|email»
发到«test.user@mail.example.cn|email»就行
微信号«abc_12345|account»
我叫«赵大勇|name»，今年七十二了
我姓«陈|name»，«陈多多|name»，电话«13800001234|phone»
免贵姓«欧阳|name»
我姓«周|name»，住这边十年了
«张|name»先生，您别急
«李|name»女士打过电话
«王|name»师傅来修过两次
请找«刘小满|name»先生
我女儿叫«林小雨|name»，今年八岁
姓名：«孙秀秀|name»
联系人«吴阿妹|name»，下午在家
本人叫«郑和平|name»，是这里的业主
我叫«Peter Novak|name»，在桃源广场办的卡
«黄|name»阿姨摔了一跤
业主«马|name»女士反映
3栋«2单元501|flat»漏水
8号楼«3单元102室|flat»，老人卧床
我家在5号楼«1603室|flat»
我住«1603|flat»，在顶楼
朝阳里小区12栋«四单元五零一|flat»
家住3«-2-501|flat»，楼上一直响
住在槐荫巷«15号|flat»
我家是2幢«1单元|flat»的
他是«1954年1月1日|birth»出生
出生日期«1988-07-06|birth»
生日是«一九九零年三月五日|birth»
My name is «Daniel Whitlow|name», and my mobile number is «13800005678|phone»
I am «Anna Example|name», my number is «13800006666|phone»
This is «Kevin Sample|name», I called yesterday
Thank you, Mister «Whitlow|name»
Mrs «Brown|name» on the third floor
You can reach me at «+86 138 0000 5678|phone»
my phone is «one three eight zero zero zero zero one two three four|phone»
I live in Yuehu Bay, «Flat 3B|flat»
It is «apartment 1203|flat», tower two
The plate is «云A12345|plate», a blue and white car
licence plate «YB 1234|x»
My e-mail is «kevin@example.org|email»
Please write to «kevin at example dot org|email»
I was born on «5 March 1990|birth»
my passport number is «E12345678|id»
my name is «wei chen|name».
card number «5500 0000 0000 0004|bank» was charged twice
""".strip().splitlines()
LEFT = """
打110还是119，120也打了
请拨12345，或者96111
银行的95588一直占线
客服电话400-800-1234
我交了13800块
一共欠了俺们90多万，3680块押金
积水有1350000000立方米
2026年11月3日上午漏的水
2024-07-01下午开始停水
从7月12日18时到现在
王家集的水发黄
王家集市场周围这一片
我是铁路新村的
解放路12号线施工
凤台立交桥下积水半米
金桂苑门口堵车
柳营地铁站B口
206省道有个大坑
312国道翻车
37路公交车改线
公交车师傅甩站
语文老师让买资料
保安大哥不让进
班主任老师打人
小区里的老师傅说的
叉车师傅受伤了
关于女士公厕的问题
一楼二楼味道最重
三室一厅的房子
屋里才13度
11号楼顶层
6号楼到12号楼
办事大厅203室
楼下101路公交站
高中二年级三班
两千一百六十块
今年是2026年
订单号20261103001122
工单编号202611030815
我姓什么不重要
老百姓有意见
我叫不出名字
叫金色阳光的楼盘
家长叫苦连天
张贴小广告
白鹭夜市的音乐太吵
李子树倒了
有一张纸，盖了个红章
王局长说下周来
村里的小王弄的
老孙今天没开门
I am Chinese and my English is bad
I am at Yuehu Bay
This is Yunzhou Hotline
Yunzhou hotline, good afternoon
call 110 or 12345
it cost 120 yuan
at half past two, 3 November 2026
exit B of Liuying Metro Station
Dongling Road is flooded
two hundred bikes, three deep
bus 37 at seven o'clock
My name is on the list
""".strip().splitlines()


def _told(line: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The plain text of a marked line with the marked spans; a span of kind x need not be found."""
    text, spans, end = "", [], 0
    for match in MARKED.finditer(line):
        text += line[end : match.start()]
        if match.group(2) != "x":
            spans.append((len(text), len(text) + len(match.group(1)), match.group(2)))
        text += match.group(1)
        end = match.end()
    return text + line[end:].replace("«|x»", ""), spans


def test_the_table_both_ways() -> None:
    counts: Counter[str] = Counter()
    wrong = []
    for line in [*TOLD, *LEFT]:
        text, spans = _told(line)
        found = [(p.start, p.end, p.kind) for p in find_personal(text)]
        counts["right"] += len(set(found) & set(spans))
        counts["found"] += len(found)
        counts["told"] += len(spans)
        wrong += [f"missed {text[a:b]} ({kind}): {text}" for a, b, kind in set(spans) - set(found)]
        wrong += [f"false {text[a:b]} ({kind}): {text}" for a, b, kind in set(found) - set(spans)]
    precision, recall = counts["right"] / counts["found"], counts["right"] / counts["told"]
    print(f"{len(TOLD) + len(LEFT)} examples: precision {precision:.3f}, recall {recall:.3f}")
    print("\n".join(wrong))
    assert len(TOLD) + len(LEFT) >= 80
    assert precision >= 0.97
    assert recall >= 0.97


@pytest.mark.parametrize("line", LEFT)
def test_what_is_not_personal_stays(line: str) -> None:
    assert mask(line) == line


def test_no_place_of_the_city_is_masked() -> None:
    for place in read_places().places:
        for text in (place.zh, place.en, f"我在{place.zh}", f"I am at {place.en}", f"{place.zh}的老师傅"):
            assert mask(text) == text


def test_the_demo_calls_hold_nothing_personal_after_masking() -> None:
    for call in read_demo_calls():
        masked = mask_all([turn.text for turn in call.turns])
        for personal in call.personal:
            assert not any(personal.words in line for line in masked), (call.external_id, personal)


def test_a_name_told_once_is_masked_everywhere() -> None:
    masked = mask_all(["您贵姓？留个电话。", "刘小满，13800004444", "好的，我找刘小满"])
    assert masked == ("您贵姓？留个电话。", "［姓名］，［电话］", "好的，我找［姓名］")


def test_hotlines_and_the_check_digit() -> None:
    assert id_check_digit("11010519491231002") == "X"
    assert mask("110 119 120 12345 95588") == "110 119 120 12345 95588"


PIECES = st.sampled_from(
    [_told(line)[0] for line in [*TOLD, *LEFT]] + ["，", " ", "\n", "1", "姓", "单元", "[name]", "［电话］", "3栋", "-"]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=6).map("".join))
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert find_personal(once) == ()
    assert mask(once) == once


@given(st.lists(PIECES, max_size=5).map("".join))
def test_findings_are_in_order_and_apart(text: str) -> None:
    found = find_personal(text)
    assert all(p.start < p.end <= len(text) and p.kind in KIND_NAMES["zh"] for p in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@given(st.lists(PIECES, max_size=4))
def test_segments_stay_segments(texts: list[str]) -> None:
    masked = mask_all(texts)
    assert len(masked) == len(texts)
    assert all(find_personal(line) == () for line in masked)
