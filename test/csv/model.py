"""The reader's contract (src/input/csv.h) once more, with regular expressions.

It is slow, shares no code or idea with the C, and is what the C is compared
with on files that nobody else defines: malformed ones above all.
"""
import re

CELLS_MAX = 1024
EOL = rb'\r\n|\r|\n'


class Model:
    def __init__(self, data, delimiter=',', flags=''):
        self.data = data
        self.end = len(data)
        self.delimiter = re.escape(delimiter.encode())
        self.blank = rb'[ ]' if delimiter == '\t' else rb'[ \t]'
        self.backslash = 'b' in flags
        self.comments = 'k' not in flags
        self.line = 1
        self.comment_count = self.blank_count = 0
        inner = rb'""|\\["\\]|\\(?!["\\])|[^"\\]' if self.backslash else rb'""|[^"]'
        self.quoted = re.compile(rb'%s*"((?:%s)*)"(?!")' % (self.blank, inner), re.S)
        self.plain = re.compile(rb'[^\r\n%s]*' % self.delimiter)
        self.close = re.compile(rb'%s*(?=%s|[\r\n]|\Z)' % (self.blank, self.delimiter))

    def match(self, pattern, at):
        return (re.compile(pattern, re.S) if isinstance(pattern, bytes) else pattern).match(self.data, at, self.end)

    def read(self):
        if re.search(rb'(\A(\xef\xbb\xbf)?|[\r\n])\x1a\Z', self.data):
            self.end -= 1
        at = self.match(rb'(?:\xef\xbb\xbf)?', 0).end()
        sep = self.match(rb'(?i:sep)=[\t!$%%&()*+,\-./:;<=>?@\[\]^_`{|}~](%s|\Z)' % EOL, at)
        if sep:
            at = sep.end()
            self.line += 1
        records = []
        while at < self.end:
            blank = self.match(rb'%s*(?:(%s)|\Z)' % (self.blank, EOL), at)
            header = not records and self.match(rb'#%s(?!%s|%s|[\r\n])(?!\Z)' % (self.delimiter, self.delimiter, self.blank), at)
            comment = self.comments and not header and self.match(rb'#[^\r\n]*(%s)?' % EOL, at)
            if blank or comment:
                skipped = blank or comment
                self.blank_count += bool(blank)
                self.comment_count += not blank
                self.line += bool(skipped.group(1))
                at = skipped.end()
                continue
            record, at = self.record(at)
            records.append(record)
        return {'records': records, 'count': len(records), 'comments': self.comment_count,
                'blanks': self.blank_count, 'line': self.line}

    def record(self, at):
        record = {'cells': [], 'quoted': [], 'line': self.line, 'offset': at,
                  'problem': 'ok', 'problem_cell': 0, 'problem_line': 0, 'filled': 0}
        count = 0
        while True:
            value, quoted, problems, end = self.cell(at)
            if count >= CELLS_MAX:
                problems.append(('too_many_cells', self.line))
            else:
                record['cells'].append(value)
                record['quoted'].append(quoted)
            if problems and record['problem'] == 'ok':
                record['problem'], record['problem_line'] = problems[0]
                record['problem_cell'] = count
            count += 1
            if not re.fullmatch(rb'%s*' % self.blank, value):
                record['filled'] = count
            if not self.match(self.delimiter, end):
                break
            at = end + 1
        record.update(count=count, len=end - record['offset'])
        line_end = self.match(EOL, end)
        if line_end:
            self.line += 1
            end = line_end.end()
        return record, end

    def cell(self, at):
        """Its value, whether it is quoted, its problems and its end."""
        problems = []
        quoted = self.match(self.quoted, at)
        lines = len(re.findall(EOL, quoted.group(1))) if quoted else 0
        close = quoted and self.match(self.close, quoted.end())
        if quoted and (close or lines == 0):
            value = self.unescape(quoted.group(1))
            end = close.end() if close else quoted.end()
            if not close:
                rest = self.match(self.plain, quoted.end())
                problems.append(('text_after_quote', self.line))
                value += rest.group()
                end = rest.end()
            if b'\0' in quoted.group(1):
                problems.append(('nul_byte', self.line + len(re.findall(EOL, quoted.group(1).partition(b'\0')[0]))))
            elif b'\0' in value:
                problems.append(('nul_byte', self.line))
            self.line += lines
            return value, True, problems, end
        if self.match(rb'%s*"' % self.blank, at):
            problems.append(('unterminated_quote', self.line))
        plain = self.match(self.plain, at)
        if b'\0' in plain.group():
            problems.append(('nul_byte', self.line))
        return plain.group(), False, problems, plain.end()

    def unescape(self, value):
        return re.sub(rb'""|\\(["\\])', lambda found: found.group(1) or b'"', value) if self.backslash \
            else value.replace(b'""', b'"')


def read(data, delimiter=',', flags=''):
    return Model(data, delimiter, flags).read()
