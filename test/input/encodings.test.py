"""How many small files are read right, by encoding; docs/csv.md has the table that is measured here."""
import collections
import subprocess
import unicodedata

from corpus import HEADERS, as_file, corpus
from harness import Tap
from judge import CODECS, Judge

NAMES = {
    'utf-8': 'UTF-8', 'utf-8-sig': 'UTF-8 with a byte order mark', 'utf-16-le': 'UTF-16', 'utf-16-be': 'UTF-16',
    'bom utf-16-le': 'UTF-16 with a byte order mark', 'bom utf-16-be': 'UTF-16 with a byte order mark',
    'utf-32-le': 'UTF-32 (named, not read)', 'utf-32-be': 'UTF-32 (named, not read)',
    'cp437': 'DOS code page 437 (named, not read)', 'cp850': 'DOS code page 850 (named, not read)', 'mac_roman': 'macOS Roman (named, not read)',
    'cp874': 'Windows-874 (TIS-620)', 'cp932': 'Shift JIS', 'cp949': 'Windows-949 (EUC-KR)', 'euc_jp': 'EUC-JP', 'iso2022_jp': 'ISO-2022-JP (named, not read)',
    'gb18030': 'GB 18030', 'big5': 'Big5', 'koi8_r': 'KOI8-R', 'koi8_u': 'KOI8-U',
}
MEANT = {**CODECS, 'UTF-32LE': 'utf-32-le', 'UTF-32BE': 'utf-32-be', 'ISO-2022-JP': 'iso2022_jp'}
# in 100 files, of those that are not Unicode, and of these with more than one cell that is not ASCII
LEAST = {'tuned': (98, 95, 98), 'held out': (98, 93, 96)}
OLD = ', not Unicode'
SEVERAL = ', not Unicode, several cells'

judge = Judge()
tap = Tap()


def label(file):
    if file.language == 'punctuation':
        return 'Windows-1252, punctuation alone'
    return NAMES.get(file.codec) or file.codec.replace('cp', 'Windows-').replace('iso8859_', 'ISO 8859-')


def read_as(data, found):
    try:
        return data.decode(MEANT[found['encoding']]).removeprefix('\ufeff')
    except (KeyError, UnicodeDecodeError):
        return None


table = collections.defaultdict(lambda: [0, 0, 0, 0])
totals = collections.defaultdict(lambda: [0, 0])
doubts = collections.Counter()
for file in corpus():
    found = judge.detect(file.data)
    # the two encodings that have the same text in the same bytes are both right
    right = read_as(file.data, found) == file.text
    row = table[label(file)]
    at = 0 if file.half == 'tuned' else 2
    row[at] += right
    row[at + 1] += 1
    groups = [file.half]
    if 'utf' not in file.codec:
        groups += [file.half + OLD] + [file.half + SEVERAL] * (file.shape not in ('least', 'one cell'))
    for group in groups:
        totals[group][0] += right
        totals[group][1] += 1
    doubts[right, found['uncertain']] += 1

lines = ['| encoding | tuned | held out |', '|---|---|---|']
lines += [f'| {name} | {row[0]} of {row[1]} | {row[2]} of {row[3]} |' for name, row in sorted(table.items(), key=lambda item: item[0].lower())]
for name, group in (('**all**', ''), ('**all that are not Unicode**', OLD), ('**of these, more than one cell is not ASCII**', SEVERAL)):
    lines.append('| ' + ' | '.join([name] + ['{} of {}'.format(*totals[half + group]) for half in ('tuned', 'held out')]) + ' |')
lines = '\n'.join(lines)

for half, leasts in LEAST.items():
    for group, least in zip(('', OLD, SEVERAL), leasts):
        right, total = totals[half + group]
        tap.ok(total >= 150 and right * 100 >= total * least, f'{half}{group}: at least {least} in 100 files are read right', f'{right} of {total}')
for name, row in table.items():
    if name.startswith('UTF') or 'punctuation' in name:
        tap.same((row[0], row[2]), (row[1], row[3]), f'{name}: every file')
tap.ok(doubts[False, True] >= 4 * doubts[False, False], 'four in five files that are read wrong are said to be uncertain', doubts)
tap.ok(doubts[True, True] * 20 <= doubts[True, False], 'and few of those that are read right', doubts)


def version(package):
    return subprocess.run(['dpkg-query', '-Wf', '${source:Upstream-Version}', package], capture_output=True, text=True).stdout


with open('docs/csv.md', encoding='utf-8') as page:
    page = page.read()
measured_with = f'libuchardet {version("libuchardet-dev")} and ICU {version("libicu-dev")}'
if measured_with in page:
    tap.ok(lines in page, 'docs/csv.md has the measured table', lines)
else:
    print(f'# docs/csv.md has figures of other libraries than {measured_with}:\n# ' + lines.replace('\n', '\n# '))

# every sign that Windows-1252 has beside letters, wherever people write such
signs = [bytes([byte]).decode('cp1252', 'ignore') for byte in range(0x80, 0x100)]
signs = [sign for sign in signs if sign and unicodedata.category(sign) not in ('Lu', 'Ll', 'Lm', 'Sk') or sign == 'µ']
for place in ('{}', '{} Smith', 'Smith {}', '{}Smith', '5{}', '{}5', 'Smith {} Jones', 'O{}Brien', 'Leeds{}Bradford'):
    wrong = []
    for sign in signs:
        found = judge.detect(as_file(HEADERS, [['Bob', 'Smith', 'London', place.format(sign)]], ',').encode('cp1252'))
        if found['encoding'] != 'WIN1252':
            wrong.append((sign, found['encoding']))
    tap.same(wrong, [], f'{len(signs)} signs as in {place.format("§")} are Windows-1252')
# and those of every day, behind a word too
for sign in '’“”–—…•™®©°':
    found = judge.detect(as_file(HEADERS, [['Bob', 'Smith', 'London', f'Clerk{sign}']], ',').encode('cp1252'))
    tap.same(found['encoding'], 'WIN1252', f'so is Clerk{sign}')

tap.finish()
