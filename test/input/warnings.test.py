"""What looks wrong although it is valid: mistyped and look-alike domains, names in capitals."""
from harness import Tap
from judge import Judge

judge = Judge()
tap = Tap()

TYPOS = '''
gmial.com gmail.com        gmai.com gmail.com         gmal.com gmail.com          gamil.com gmail.com
gmail.con gmail.com        gmail.co gmail.com         gmail.cm gmail.com          gmaill.com gmail.com
gmial.con gmail.com        hotmial.com hotmail.com    hotmal.com hotmail.com      homtail.com hotmail.com
hotmail.cmo hotmail.com    outlok.com outlook.com     outloook.com outlook.com    yaho.com yahoo.com
yahooo.com yahoo.com       yhaoo.com yahoo.com        yahoo.co.ku yahoo.co.uk     icloud.con icloud.com
iclod.com icloud.com       wbe.de web.de              gxm.de gmx.de               web.ed web.de
t-onlin.de t-online.de     t-onlien.de t-online.de    freent.de freenet.de        ornage.fr orange.fr
wanado.fr wanadoo.fr       lapsote.net laposte.net    libreo.it libero.it         yadnex.ru yandex.ru
maill.ru mail.ru           qq.con qq.com              163.con 163.com             seznma.cz seznam.cz
protonmal.com protonmail.com                          googelmail.com googlemail.com
'''.split()
for written, meant in zip(TYPOS[::2], TYPOS[1::2]):
    wanted = ['domain_typo', meant]
    if written == 'maill.ru':       # a short name: a letter more makes another one
        wanted = ['none', '-']
    tap.same(judge.ask('email', f'a@{written}'), wanted, f'{written} is {"not flagged" if wanted[1] == "-" else meant}')

for domain in '''gmail.com googlemail.com hotmail.be hotmail.ch outlook.dk outlook.com.br live.se yahoo.ca yahoo.com.mx web.de gmx.net
    gmx.de mail.ru email.com mail.com ymail.com me.com aol.com proton.me yandex.kz orange.pl orange.com free.fr bk.ru qq.com
    example.com canopy-io.com gmail.example.com mit.edu wb.de gm.com bmx.de live.org line.me alive.com hotels.com yahoo-inc.com
    outlookindia.com icloud-mail.de list.de inbox.lv onet.eu'''.split():
    tap.same(judge.ask('email', f'a@{domain}'), ['none', '-'], f'{domain} is not flagged')

for domain, warning, sentence in (
        ('раypal.com', 'mixed_script', 'Cyrillic letters in a Latin name'),
        ('gооgle.com', 'mixed_script', 'two Cyrillic letters in a Latin name'),
        ('аррӏе.com', 'mixed_script', 'Cyrillic letters that all look Latin'),
        ('αpple.com', 'mixed_script', 'a Greek letter among Latin ones'),
        ('почта.рф', 'none', 'a Cyrillic domain'),
        ('рас.рф', 'none', 'letters that look Latin, where all is Cyrillic'),
        ('müller.de', 'none', 'an umlaut'),
        ('例え.jp', 'none', 'Han and Hiragana'),
        ('東京tower.jp', 'none', 'Han and Latin'),
        ('한국.com', 'none', 'Hangul under a Latin domain'),
        ('bücher.example', 'none', 'German')):
    ascii_domain = '.'.join(label if label.isascii() else 'xn--' + label.encode('punycode').decode() for label in domain.split('.'))
    tap.same(judge.ask('email', f'a@{ascii_domain}')[0], warning, f'{sentence}: {warning}')

for name, warning in (
        ('ANNA MÜLLER', 'capitals'), ('Anna Müller', 'none'), ('ANNA', 'capitals'), ('XU', 'capitals'), ('J. R.', 'none'), ('J', 'none'),
        ("O'NEIL", 'capitals'), ("O'Neil", 'none'), ('McDONALD', 'none'), ('ИВАН', 'capitals'), ('Иван', 'none'),
        ('ΕΛΕΝΗ', 'capitals'), ('王伟', 'none'), ('יוסף', 'none'), ('محمد', 'none'), ('', 'none'), ('123', 'none'), ('III', 'capitals'),
        ('Аnna', 'mixed_script'), ('Annа Müller', 'mixed_script'), ('山田 Taro', 'none'), ('さくら', 'none')):
    tap.same(judge.ask('name', name)[0], warning, f'the name {name or "of nothing"}: {warning}')

tap.finish()
