"""LibreOffice opens what the writer writes and evaluates nothing, whichever delimiter it takes (long form only)."""
import csv
import glob
import io
import os
import subprocess
import tempfile

from harness import Reader, Tap, seeded

reader = Reader()
tap = Tap()
random = seeded(2026)
FILES = 12
ATTACKS = ['=1+1', '+1+1', '-1+1', '@SUM(1,1)', ' =1+1', '\t=1+1', '\r=1+1', '\n=1+1', '"=1+1', '"=1+1"', "'=1+1", '＝1+1', '＋1+1', '－1+1', '＠SUM(1)',
           '\u00a0=1+1', '\u200b=1+1', '\ufeff=1+1', '=HYPERLINK("http://x.example","y")', '=cmd|\'/C calc\'!A1', '=DDE("a","b","c")',
           'x;=1+1', 'x;=1+1;', 'x,=1+1,', 'x\t=1+1\t', 'x|=1+1|', 'x\n=1+1\n', 'x\r\n=1+1\r\ny', 'x;"=1+1";', 'x";=1+1;"', '";=1+1;"', '"\n=1+1\n"',
           '+49 171 1234567', '-5', 'plain', '', '#1', "O'Neil"]
# what LibreOffice is told: bytes that delimit, the quote, UTF-8, from the first line, evaluate formulas
FILTER = 'CSV:{},34,76,1,,0,false,true,false,false,false,-1,true'
SEPARATORS = ['44', '59', '9', '124', '44/59/9', '44/59/9/124']


def opened(folder, separators):
    """The file names and their sheets as XML."""
    out = os.path.join(folder, separators.replace('/', '_'))
    subprocess.run(['soffice', '--headless', f'-env:UserInstallation=file://{folder}/profile', '--infilter=' + FILTER.format(separators),
                    '--convert-to', 'fods', '--outdir', out, *sorted(glob.glob(f'{folder}/*.csv'))],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    sheets = {}
    for path in glob.glob(f'{out}/*.fods'):
        with open(path, encoding='utf-8') as sheet:
            sheets[os.path.basename(path)] = sheet.read()
    return sheets


with tempfile.TemporaryDirectory() as folder:
    for i in range(FILES):
        rows = [[random.choice(ATTACKS) for _ in range(5)] for _ in range(40)]
        with open(f'{folder}/{i}.csv', 'wb') as file:
            file.write(reader.write([[cell.encode() for cell in row] for row in rows], ',;\t|'[i % 4]))
    for separators in SEPARATORS:
        sheets = opened(folder, separators)
        formulas = [name for name, sheet in sheets.items() if 'table:formula=' in sheet]
        tap.same((len(sheets), formulas), (FILES, []), f'no formula when {separators} delimit')

with tempfile.TemporaryDirectory() as folder:
    text = io.StringIO()
    csv.writer(text).writerows([[attack] for attack in ATTACKS])
    with open(f'{folder}/plain.csv', 'w', encoding='utf-8', newline='') as file:
        file.write(text.getvalue())
    tap.ok('table:formula=' in opened(folder, '44')['plain.fods'], 'the same cells, written plainly, are evaluated')
tap.finish()
