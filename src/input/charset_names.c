/*-------------------------------------------------------------------------
 *
 * charset_names.c
 *		Names of many languages, by which an encoding is recognised.
 *
 * Not a list of names that are allowed: a sample of how each language uses its
 * letters beyond ASCII, and which letters stand beside them.  Of Chinese,
 * Japanese and Korean the characters that names are made of.  All in small
 * letters, but for the Turkish I with a dot; Vietnamese as Windows has it, the
 * tone as a character of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "input/charset_score.h"

const CbCharsetLanguage cb_charset_languages[CB_LANGUAGES] = {
	[CB_LANGUAGE_GERMAN] = {false,
		"müller schröder schäfer köhler krüger jäger könig günther vögel "
		"möller böhm krämer lösch bäcker höfer häuser grün groß weiß "
		"strauß preuß voß geiß fuß straße jürgen jörg björn käthe günter "
		"dörte rüdiger götz sören änne özil übel öhler ärzte lübke röder "
		"träger hübner wächter gärtner müllner kühn glöckner schütz bräuer "
		"löffler schön schönberg düsseldorf köln münchen zürich nürnberg "
		"würzburg österreich lüdenscheid büro geschäft führung verkäufer "
		"größe"},
	[CB_LANGUAGE_FRENCH] = {false,
		"hélène françois françoise éric émilie étienne élise rené renée "
		"andré andrée jérôme benoît zoé léa chloé noël noëlle joël gaëlle "
		"raphaël michaël mickaël loïc anaïs inès agnès thérèse geneviève "
		"hervé lefèvre lévêque gérard bénédicte cécile céline frédéric "
		"frédérique aurélie mélanie stéphane stéphanie véronique valérie "
		"rémi rémy clément jérémy sébastien hélé désiré aimé josé lemaître "
		"besançon françaix pelé barré mené château forêt côté père mère "
		"prénom société général téléphone bâtiment rhône saône île nîmes "
		"été élève"},
	[CB_LANGUAGE_SPANISH] = {false,
		"garcía gonzález rodríguez fernández lópez martínez sánchez pérez "
		"gómez martín jiménez hernández díaz álvarez muñoz gutiérrez "
		"vázquez domínguez ramírez núñez ibáñez peña peñalver yáñez "
		"ordóñez zúñiga marín suárez durán giménez velázquez benítez josé "
		"maría jesús ángel ángela sofía lucía inés andrés tomás nicolás "
		"sebastián raúl joaquín agustín iván óscar víctor rubén belén "
		"begoña iñaki íñigo martí césar mónica verónica rocío ramón león "
		"germán hernán adrián julián fabián álvaro élida añaños españa "
		"coruña málaga cádiz méxico dirección teléfono"},
	[CB_LANGUAGE_PORTUGUESE] = {false,
		"joão josé antónio antônio conceição gonçalves magalhães guimarães "
		"simões araújo inês luís luísa vânia tânia sónia sônia cátia "
		"sérgio mário márcia fábio flávio júlio júlia cláudia cláudio "
		"patrícia letícia mónica mônica andré andréa brandão leão galvão "
		"falcão assunção sebastião simão cristóvão estevão damião bragança "
		"mendonça lourenço conceiçao moisés heloísa lívia antônia otávio "
		"vitória félix césar área ávila évora são licença informação "
		"função"},
	[CB_LANGUAGE_ITALIAN] = {false,
		"niccolò nicolò mosè noè giosuè salomè libertà carità bontà forlì "
		"cantù muzzì romanò zanò canè bossù città società perù però più "
		"università"},
	[CB_LANGUAGE_DUTCH] = {false,
		"daniël daniëlle joëlle michaël raphaël noël zoë chloë loïs anaïs "
		"renée andré rené désirée josé françois coëvorden België officiële "
		"geïnteresseerd één"},
	[CB_LANGUAGE_SWEDISH] = {false,
		"åsa åke åkesson åberg åström öberg öhman öström östlund björn "
		"björk göran jörgen sören märta mårten håkan sjöberg sjögren "
		"sjöström lindström nordström bergström sandström hägg hägglund "
		"bäckström fällman jönsson månsson mårtensson pålsson ström "
		"strömberg höglund löfgren hellström lindén lövgren dahlström "
		"nyström holmström malmström söderberg söderström göteborg malmö "
		"jönköping växjö"},
	[CB_LANGUAGE_DANISH] = {false,
		"søren jørgen jørgensen sørensen møller nørgaard østergaard øster "
		"kjær bækgaard skjødt højgaard kåre åse åge bjørn bjørg jørn "
		"løvgren mærsk lærke grøn grønbæk pålsson bødker bøgh søgaard "
		"kjærgaard ravnkjær hjørring københavn århus ålborg ødegård "
		"ødegaard øvyind øyvind øystein håkon pål gård brønlund næss "
		"sæther bråten løken strømme strøm vågen åshild åsmund tønsberg "
		"tromsø ålesund børge bø dæhlie sæbø"},
	[CB_LANGUAGE_FINNISH] = {false,
		"mäkinen hämäläinen järvinen mäkelä kärkkäinen räsänen pöyhönen "
		"väisänen lämsä hänninen rämö päivi väinö pärssinen seppälä "
		"heikkilä niemelä leppälä yrjö yrjänä töyrylä sälö määttä kähkönen "
		"mönkkönen töölö jyväskylä hyvinkää ääri äijälä änäkkälä öhman"},
	[CB_LANGUAGE_ICELANDIC] = {false,
		"þórður þór þóra þorsteinn þorgerður guðrún guðmundur guðjón guðni "
		"sigurður sigríður ragnheiður jónsdóttir guðmundsdóttir "
		"sigurðardóttir björnsson jón jóhann jóhanna kristín kristján ásta "
		"ásdís árni ólafur ólöf óskar össur ingólfur ævar sæmundur ýr "
		"hörður gísli valgerður þuríður aðalsteinn friðrik davíð páll "
		"dóttir reykjavík höfn"},
	[CB_LANGUAGE_CATALAN] = {false,
		"núria solà mercè rodríguez llorenç vicenç àngels àlex àngel vilà "
		"eulàlia martí sílvia català roldà bàrbara lluís òscar ramón "
		"gràcia raül fèlix col·legi adrià"},
	[CB_LANGUAGE_IRISH] = {false,
		"seán siobhán ní ó pádraig máire súilleabháin róisín néill ciarán "
		"éamonn sinéad gráinne áine órla mícheál tomás séamus bríd "
		"caitríona dáithí úna ruairí"},
	[CB_LANGUAGE_POLISH] = {false,
		"łukasz małgorzata paweł michał stanisław władysław bolesław "
		"mirosław jarosław rafał łucja wójcik dąbrowski wiśniewski "
		"kamiński zieliński szymański woźniak kozłowski jabłoński król "
		"wróbel górski jędrzej bożena żaneta grażyna świątek święty "
		"śliwiński ślusarczyk żak żukowski źródło ćwik ćwiklińska gęsior "
		"gołębiewski piątek pająk zając zajączkowski wąsik sołtysiak "
		"jóźwiak kaźmierczak pawłowski michałowski mikołaj łódź kraków "
		"poznań gdańsk wrocław bełchatów częstochowa gęś mąż kaczyński "
		"kołodziej majdańska głowacki duńska dębski męski słowik"},
	[CB_LANGUAGE_CZECH] = {false,
		"jiří dvořák tomáš růžička růžena šárka němcová němec ondřej "
		"kučera kučerová žofie veselý veselá václav procházka lukáš horák "
		"markéta pokorný pokorná zdeněk ježek miloš beneš eliška krejčí "
		"matěj kateřina štěpán štěpánka řehoř řezníček čeněk čapek černý "
		"černá sedláček šimon šimek šťastný novák nováková svobodová dušan "
		"aleš bedřich přemysl vojtěch hájek jelínek růžek růža kolář vaněk "
		"pospíšil bartoš doležal tůma kůň žižka ďáblice ťok pátek plzeň "
		"českomoravská příjmení jméno vlček bláha kříž konečný kopecký "
		"tichý kovář dostál němeček bureš"},
	[CB_LANGUAGE_SLOVAK] = {false,
		"ľubomír ľudmila ľuboš štefan kováč horváth tóth tóthová balážová "
		"ján baláž božena vargová marián šťastný mäsiar gajdoš ďurica "
		"ďuriš žilina trnčák čierny krúpa hruška polák molnár lukáč "
		"janošík ľupták ružena ružička katarína mária kôň vôňa stôl novák "
		"dvorský kráľ kráľová hudák švec šimko bartoš adamčík košice"},
	[CB_LANGUAGE_HUNGARIAN] = {false,
		"lászló kovács győző szőke ildikó tóth zsófia szűcs gábor ágnes "
		"kőszegi józsef török éva erdős krisztián vörös márta fűzi andrás "
		"györgy istván zoltán sándor mihály jános károly péter szabó "
		"horváth németh balázs mészáros takács juhász király gál bíró pál "
		"rózsa júlia lévai dániel mátyás gergő bálint márton áron ádám "
		"szilárd őry őrsi ötvös ürmös ökrös öregh hajdú fehér pintér győr "
		"szőnyi kőrösi erzsébet mária kristóf milán dávid máté boglárka "
		"csöngör ödön tünde tűzoltó fürst jenő ernő dezső rezső szőllősi "
		"gyűrű vezetéknév keresztnév cím"},
	[CB_LANGUAGE_ROMANIAN] = {false,
		"ştefan ştefănescu ţurcanu ţepeş mădălina cătălin cătălina "
		"anişoara bălan răzvan niţă niţu mureşan păun ionuţ ioniţă "
		"constanţa viorică mărioara tănase dănilă ţăranu şerban şandru "
		"moşescu stănescu dumitrăchescu vlăduţ grigoraş crăciun bădescu "
		"lăzărescu pârvu pârvulescu gânj sâmpetru românu iaşi bucureşti "
		"timişoara piteşti încă înainte ţară şi nişte năstase tudorică "
		"văcărescu argeş grațian olteniţa viţelaru"},
	[CB_LANGUAGE_CROATIAN] = {false,
		"željko željka kovačić šarić đorđe đukić đurđica siniša jurić "
		"boško perković snežana ćosić nikša vučković marić horvatić babić "
		"petrović jovanović nikolić marković đorđević stojanović ilić "
		"pavlović milošević šimić knežević župan čović čanadi čarapina "
		"rašić anđelko anđela matić tomić božić blažević žarko miloš šime "
		"krešimir božena bogišić čačić đakovo ćuk ćiro dražen dušan ružica "
		"vlašić grgić bjelić špela žnidaršič matjaž urška zupančič jože "
		"hočevar nataša aleš žagar živa potočnik turšič kovač krčmar "
		"kočevar zajšek gašper žiga štefan šuštar črne golobič tomaž "
		"boštjan matevž"},
	[CB_LANGUAGE_RUSSIAN] = {false,
		"иван мария алексей ольга дмитрий наталья сергей екатерина андрей "
		"юлия татьяна анна александр александра елена ирина светлана "
		"михаил николай владимир виктор павел максим артём фёдор пётр "
		"семён игорь олег роман денис антон кирилл евгений евгения ксения "
		"анастасия дарья людмила галина валентина вера надежда любовь "
		"иванов петров смирнов кузнецов попов васильев соколов лебедев "
		"новиков морозов козлов волков соловьёв зайцев павлов семёнов "
		"голубев виноградов богданов воробьёв фёдоров михайлов беляев "
		"тарасов белов комаров орлов киселёв макаров андреев щербаков "
		"яковлев чернов цветков шевцов жуков быков ершов захаров эдуард "
		"элина эмма юрий яна ёлкин хохлов фамилия имя отчество телефон "
		"почта адрес город москва санкт-петербург иванович петровна "
		"сергеевич николаевна"},
	[CB_LANGUAGE_UKRAINIAN] = {false,
		"олександр наталія євген євгенія їжакевич юрій оксана любов "
		"ґалаґан сергій андрій дмитро іван ірина тетяна микола василь "
		"володимир віктор олексій михайло анатолій григорій людмила галина "
		"шевченко ковальчук бондаренко ткаченко кравець гриценко коваленко "
		"бойко мельник поліщук лисенко кравчук савченко павлюк марія ганна "
		"юлія інна зінаїда раїса київ львів харків одеса прізвище імʼя "
		"ярослав звенислава богдан данило софія вікторія"},
	[CB_LANGUAGE_BULGARIAN] = {false,
		"георги иван димитър николай йорданка цветелина кръстьо петър "
		"христо стоян тодор васил александър красимир пламен здравко "
		"светла маргарита пенка гергана иванов георгиев димитров петров "
		"николов христов стоянов илиев тодоров ангелов щерев кръстев "
		"въжаров върбанов първанов българия софия пловдив бургас дългопол "
		"габъров"},
	[CB_LANGUAGE_SERBIAN] = {false,
		"ђорђе ђуричић његош петровић љубица љиљана јовановић милош ћирић "
		"снежана николић душан џаџић марковић јелена милица драган зоран "
		"горан стојан живковић симић кртинић ђурђевић бранислав благоје "
		"београд нови сад ниш крагујевац чакар санева билјановски анчевски "
		"ѓорѓи ќосев ѕвонко здравко боро меланија трајковски стојановска"},
	[CB_LANGUAGE_GREEK] = {false,
		"γιώργος παπαδόπουλος μαρία νικολάου ελένη γεωργίου κωνσταντίνος "
		"δημητρίου άννα αντωνίου νίκος ιωάννου έλλη οικονόμου σπύρος "
		"χριστοδούλου αθηνά βασιλείου βασίλης γιάννης ιωάννης δημήτρης "
		"παναγιώτης αθανάσιος χρήστος αικατερίνη κατερίνα σοφία βασιλική "
		"ευαγγελία ευάγγελος ανδρέας μιχάλης στέλιος θεόδωρος φώτης ηλίας "
		"λάμπρος ξένια ψαρράς ζωή όλγα ήβη ίρις ύδρα ώρα παππάς "
		"αγγελόπουλος μακρής καραγιάννης αλεξίου αναγνωστάκης αργυριάδης "
		"διονύσιος αντώνης λούπης παπάζογλου επώνυμο όνομα τηλέφωνο "
		"διεύθυνση αθήνα θεσσαλονίκη"},
	[CB_LANGUAGE_TURKISH] = {false,
		"ayşe yılmaz çağrı öztürk şahin gülşen doğan müge çetin ışıl aydın "
		"oğuz güneş ömer çelik tuğba şükrü kılıç yıldız yıldırım özdemir "
		"özkan öz çakır çınar şimşek şen koç erdoğan doğru ünal ünlü "
		"gündüz güler gül hüseyin süleyman müslüm müjgan özge özlem ümit "
		"ülkü uğur buğra tuğçe nağme sağlam dağ ağa yağmur kırıcı kızıl "
		"sarı altın aktaş taş baş karataş beyazıt şeyma şule şafak başak "
		"barış savaş gökhan gökçe göksu görkem tunç dinç kılıçarslan ığdır "
		"muğla ağrı iş satış müdürü bölümü adı soyadı kırşehir kadıoğlu "
		"oğlu toğrul bakşı özberk tokgöz alpuğan beyizçi İbrahim İsmail "
		"İpek İnci İlker Işık"},
	[CB_LANGUAGE_HEBREW] = {false,
		"יוסף כהן מרים לוי דוד מזרחי שרה פרץ אברהם ביטון רחל דהן משה חנה "
		"פרידמן יעקב יצחק שמואל דניאל מיכאל נועה תמר יעל איתי אורי עמית "
		"רון שלמה חיים אליהו בנימין גבריאל רפאל שמעון ראובן יהודה נתן אסתר "
		"רות לאה רבקה גולן ברק שפירא קליין אדלר סגל גרין שוורץ צור זיו טל "
		"ירון עופר שיר הדס מאיה ליאור ויקטוריה שמשי אסיף ארנון יהונתן "
		"אלחנני שם משפחה פרטי דואר טלפון כתובת עיר תל אביב ירושלים חיפה"},
	[CB_LANGUAGE_ARABIC] = {false,
		"محمد أحمد فاطمة علي عبد الله حسن خالد إبراهيم مريم يوسف عمر "
		"الخطيب نورة السعيد سارة محمود حسين عبدالرحمن عبدالعزيز سعيد سلمان "
		"فهد ناصر صالح طارق زياد وليد ماجد هاني رامي كريم سامي عادل جمال "
		"كمال نبيل أمين آمنة عائشة زينب خديجة ليلى هدى منى رنا دينا ياسمين "
		"الشمري القحطاني العتيبي الحربي الغامدي المصري الحسن الأحمد جابر "
		"منصور شريف فؤاد ثامر غسان ضياء ظافر قاسم بكر ذياب حافظ شكري الاسم "
		"العائلة البريد الهاتف العنوان المدينة الرياض القاهرة مؤمن رؤوف "
		"هيئة وائل سماء"},
	[CB_LANGUAGE_LITHUANIAN] = {false,
		"žygimantas rūta jankauskienė šarūnas stankevičius eglė "
		"žukauskaitė ąžuolas živilė ūselytė šimkus giedrė čepaitė "
		"čiurlionis paulauskienė kazlauskienė petrauskienė vaitkutė "
		"butkevičius jurgaitienė gintarė mantė ėva ęsąs mažeikienė gražina "
		"kęstutis žilvinas šiauliai klaipėda panevėžys vaičiūnas "
		"sakalauskaitė žemaitis dovilė agnė tomašauskas daivą įmonė "
		"pavardė miškinienė lukoševičiūtė"},
	[CB_LANGUAGE_LATVIAN] = {false,
		"jānis bērziņš līga kalniņa mārtiņš ozoliņš kristīne liepiņa ģirts "
		"šķēle žanete zariņa vītols krūmiņa ņina ķēniņa ēriks āris pēteris "
		"kārlis dāvis līva mārīte jēkabs eglītis kļaviņš krastiņš "
		"pētersons ābols sproģis siliņš šmits ķirsis lāce lūsis ļubova "
		"čakste ūdris īva mudīte konrāds jevgeņijs uzvārds vārds rīga "
		"jūrmala dēlis viļņa cēsis"},
	[CB_LANGUAGE_ESTONIAN] = {false,
		"jüri rüütel õnne põld märt väljas tõnu kõiv säde külli mägi "
		"šarlotte žukov õie õunapuu öö ülle ülo ülemiste pärn pärnu põder "
		"kõrv tõnis tõnisson jõgi jõeäär mänd mäe käär käsper väli künnap "
		"rõõm sõber võsu rätsep jürgen hõbe lõhmus kütt järv järve"},
	[CB_LANGUAGE_THAI] = {false,
		"สมชาย ใจดี สมหญิง รักไทย วิชัย ศรีสุข นภา แสงทอง ประเสริฐ วงศ์ไทย "
		"กนกวรรณ พูลสวัสดิ์ สมศักดิ์ สุรชัย ณัฐพล พรทิพย์ สุภาพร อรทัย มณี "
		"ธนากร ชัยวัฒน์ บุญมี เทพหัสดิน นรินทรกุล ชุมพล แซ่อึ๊ง แซ่ลิ้ม จันทร์ "
		"เพ็ญ ดวงใจ ปรีชา อนันต์ กิตติ ภัทรา ชื่อ นามสกุล อีเมล โทรศัพท์ "
		"ที่อยู่ กรุงเทพ เชียงใหม่ ฐิติ ยุพิน ผ่องใส ข้าว ฉัตร ถาวร โอภาส ไพศาล "
		"เกษม ฤทธิ์"},
	[CB_LANGUAGE_VIETNAMESE] = {false,
		"nguyễn văn trần thị bình lê hoàng phạm đức đặng bùi dũng võ sáu "
		"hồ ngọc hà huỳnh vũ đỗ ngô dương lý quyên trương lệ quốc mỹ "
		"phương hương thảo hiền hằng hạnh hải hùng cường thắng trường sơn "
		"tuấn tú việt phúc phước thành thịnh toàn tiến thủy thúy vân yến "
		"ánh ngân như quỳnh tuyết xuân họ tên điện thoại địa chỉ phố nội "
		"đà nẵng huế bảo khánh khôi tâm thiên ý ái"},
	[CB_LANGUAGE_JAPANESE] = {true,
		"あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみ"
		"むめもやゆよらりるれろわをんがぎぐげござじずぜぞだぢづでどばびぶ"
		"べぼぱぴぷぺぽゃゅょっアイウエオカキクケコサシスセソタチツテトナ"
		"ニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンガギグゲゴザジ"
		"ズゼゾダヂヅデドバビブベボパピプペポャュョッー佐藤鈴木高橋田中伊"
		"渡辺邊山本村小林加吉松井上口清水斎斉崎阿部森池野石川前岡長谷後近"
		"坂遠青西福太三浦原内竹金河和島酒工横宮今大平杉久保新菅武北千葉桜"
		"市柴安東丸関増堀桑秋尾根岸沢澤健一郎花子美咲翔直樹恵真由代理智之"
		"輔介裕希望陽斗葵蓮結衣愛優奈七海莉心春菜明彦雅博弘幸正義昭勝利誠"
		"進修隆茂豊実学徹次光雄夫男恭純淳香織里佳絵麻友紀尋彩乃悠人颯拓也"
		"翼達哉亮仁司氏名姓電話番号住所都道府県京署役職株式会社"},
	[CB_LANGUAGE_SIMPLIFIED_CHINESE] = {true,
		"王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾"
		"程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚方金"
		"邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱"
		"施牛洪龚伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂红玲建国"
		"华文辉力玉萍飞鹏志浩宇轩子涵梓欣怡雨晨博思佳琪诗嘉俊峰海燕雪梅春"
		"云婷波斌凯鑫亮新成光东永健世广义兴良清宁晓慧莉倩楠瑞天智航彬昊然"
		"立泽君苑楷晟哲炎雄鸿景馥乐荣渊己续烨栋懿归诚熙擎姓名邮箱电话地址"
		"城市部门职位公司北京上省区号码"},
	[CB_LANGUAGE_TRADITIONAL_CHINESE] = {true,
		"陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡"
		"朱鍾彭游詹胡施沈余盧梁趙顏柯翁魏孫戴范方宋鄧杜傅侯曹薛丁卓馬董唐"
		"藍蔣石古紀姚連馮歐程湯田康姜汪白尤巫鐘黎涂龔嚴韓袁金童怡君志明淑"
		"芬家豪美玲俊傑雅婷建宏佳穎宗翰惠文雄雯冠宇詩涵承恩宜庭欣心妤品睿"
		"宥廷子軒柏芷若羽彤郁佩珊靜琪彥哲瑋嘉華秀英麗月娥國榮信世昌偉博昊"
		"燁強澤鵬擎立煜懿宸炫然錢磊天炎彬越於智輝焱霖超晉週誠顧果孟馳城餘"
		"瑞賀姓名電郵話地址市部門職位公司臺北台灣香港區號碼"},
	[CB_LANGUAGE_KOREAN] = {true,
		"김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노"
		"하곽성차주우구민나진지엄채원천방공현함변염여추도소석선설마길연위"
		"표명기반왕금옥육인맹제모탁국은수영호준훈빈아예린시후미경숙희자순"
		"동철상태용재혁승환규찬건일만복덕식춘말분점종근섭범욱웅율솔별봄가"
		"람새롬슬다솜보라름메화부직회사울산대광군리습니에의로는를을과해"},
};
