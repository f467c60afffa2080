"""The encoding that short files show by their look: every word alone, as Excel writes it in its own country."""

import pytest

from normax.errors import InputError
from normax.tables.files.encoding import as_utf8

WESTERN = {
    "de": """
        größe Größe Übergröße Fußgänger Straße süß Grüße Füße Süßigkeit äußern Äußerung außen
        Maß Spaß Zürich Köln München Österreich Überschrift öffentlich ärger Bär Tür schön
        Mädchen Gemüse Käse früh groß heiß weiß Fuß müßig Schöße Klöße Gefäß Rußlöß GRÖßE
        GRÖSSE ÜBERGRÖSSE ÖL Ärzte Vögel Königsstraße Blöße einflößen
    """,
    "fr": """
        naïve œuvre créé créée réélu réélection été où à Noël garçon français forêt île hôtel
        âge sœur cœur bœuf maïs haïr ambiguë élève élevé préféré cédé événement théâtre
        Économie ÉCOLE École être août déjà légère Genève Hélène Ç'a façade agréée préétabli
    """,
    "es": """
        ñandú Ñandú niño año mañana corazón canción árbol época último índice Óptimo señor
        pequeño España Perú Bogotá México Málaga Cádiz León avión lápiz fácil difícil café
        bebé sofá menú champú pingüino vergüenza lingüística NIÑO AÑO ESPAÑA ÁREA Ávila
        cigüeña montaña años
    """,
    "pt": """
        coração ação ações função funções não mãe pão São João lições opções avó avô você três
        irmã maçã açúcar água último índice época país saúde Açores Conceição educação
        informação AÇÃO FUNÇÃO FUNÇÕES Ação nações órgão âmbito ônibus à às lâmpada cérebro
    """,
    "nl": """
        coöperación coöperatie coöperation geïnd geëerd zeeën beëindigen ideeën reünie ruïne
        België Italië knieën drieën één vóór skiën tweeën hygiëne financiën oriëntatie
        zoölogie naïef egoïst kopiëren poëzie coördinatie coëfficiënt reëel geüpload efficiënt
        patiënt ingrediënt creëren ciën rhône façade cliënt océan été ÉÉN
    """,
    "sv": """
        blåögd Ärlig ängel öga åka flygplanså sjö ö å är på små blå grå hår år får kött bröd
        smör kärlek räka väg bröllop ÅRSTA ÖREBRO Örebro Åre Malmö Göteborg Skåne Västerås
        Umeå Luleå Ängelholm Gävle Växjö småöar tvåårig blåäggad råädel påökning
    """,
    "da": """
        smørrebrød blåøjet Færøerne færøsk æble øl å år gård København Århus Ærø Ørsted rød
        grøn blå små lærer læse gæld næste første måned søndag lørdag kærlighed børn hånd ånd
        øje ære vælge høre ÅRHUS Åløkke råøl råæg Færø
    """,
    "no": """
        råøl blåøyd Tromsø Bodø Ålesund Østfold Sør Nord-Trøndelag Røros Værøy Hærøy Målselv
        Kåfjord språk skjønn vær bør gjøre kjøre løpe høst vår sommerårø ærlig øy Øya å ås øl
        æ ØST Tysfjordå Løten Bærum Gjøvik Vågå Vågåmo Lærdal
    """,
    "fi": """
        ääni Ääni äänestys määrä hyvä päivä yö työ tyttö pöytä äiti isä mökki Jyväskylä
        Hämeenlinna sää SÄÄ SÄÄTILA MÄÄRÄ pää PÄÄ näköala käärme hää kääntää täällä TÄÄLLÄ
        Töölö TÖÖLÖ Ähtäri Äänekoski Åbo syöä köyhä löytää löyly lääkäri LÄÄKÄRI LÄÄKE kenttä
        väärä vääntö ÄÄNI säästö SÄÄSTÖ
    """,
    "is": """
        þjóð góður Ísland Þór Þórður blóð bíða það því Reykjavík Hafnarfjörður Kópavogur Höfn
        Húsavík Ísafjörður Egilsstaðir áður síðan maður þökk þæfð bíó vörður dæmi æska öld orð
        norður suður hús
    """,
}

# Files by their lines, parted by /.
CHINESE = """
    姓名/王璐 姓名/李鑫/张伟 姓名,城市/王小明,北京 班级,y/A班,1/B班,2 型号,y/A型,1 x/A型/B型/O型/AB型 x/A班 x/A组/B组
    x/A区/B区 x/K线/T恤 x轴,y轴/1,2 身高,体重/170,60 年龄,性别/3,男/4,女 x,y/男,1/女,2 g/男 g/是/否 g/高/中/低
    x/A座/B座/C座 x/1班/2班 x/第1组 品牌,价格/iPhone手机,1 x/卡拉OK x/vip用户 x/app下载 x/VIP客户 省份/四川/陕西
    城市/广州/深圳/上海 单价(元)/3 日期/2020年1月3日 x/A股/B股/H股 x/A级/B级 x/A类/B类/C类 x/S码/M码/L码
    姓名/陈静/刘洋/杨洋/赵磊 x/甲/乙/丙/丁 水果,销量/苹果,3/香蕉,4 x/是A/否B x/优/良/差 x/维生素C/维生素B 编号,温度/A1,3
    x/X光/B超/CT室 x/小明tom x/3D打印/5G网络
"""

KOREAN = "이름,나이/김민수,3 성별/남/여 지역/서울/부산 혈액형/A형 도시,인구/대전,3/광주,2 결과/합격/불합격 x/예/아니오 등급/A급"


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
@pytest.mark.parametrize("language", WESTERN)
def test_one_word_is_enough_of_western_text(language):
    for word in WESTERN[language].split():
        for text in (f"{word},y\n1,2\n", f"x;y\n{word};2\n", f"y\tx\n1\t{word}\n", f'y,"{word}"\n1,2'):
            assert as_utf8(text.encode("cp1252"), "t.csv").decode() == text


@pytest.mark.filterwarnings("ignore::normax.errors.Notice")
@pytest.mark.parametrize("encoding", ["gbk", "gb18030"])
def test_a_few_characters_are_enough_of_chinese(encoding):
    for text in (file.replace("/", "\n") for file in CHINESE.split()):
        assert as_utf8(text.encode(encoding), "t.csv").decode() == text


@pytest.mark.parametrize("text", KOREAN.split())
def test_korean_is_asked_for(text):
    with pytest.raises(InputError, match="--encoding gb18030 if it is Chinese, euc-kr if Korean"):
        as_utf8(text.replace("/", "\n").encode("euc-kr"), "t.csv")
