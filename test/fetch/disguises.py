"""
URLs of addresses that must not be reached, in every disguise.
"""
import ipaddress

SCHEMES = '''dict file ftp ftps gopher gophers imap imaps jar javascript ldap ldaps mailto mqtt netdoc
    nfs phar php pop3 pop3s rtmp rtsp scp sftp smb smbs smtp smtps ssh telnet tftp view-source ws wss'''.split()

TARGETS = '''127.0.0.1 0.0.0.0 127.1.2.3 169.254.169.254 10.0.0.1 172.16.5.4 192.168.0.1 100.64.0.1 198.18.0.1
    192.0.2.1'''.split()


def hosts_of(dotted):
    """The ways to write an IPv4 address as the host of a URL."""
    packed = ipaddress.IPv4Address(dotted).packed
    a, b, c, d = packed
    n = int.from_bytes(packed, 'big')
    high, low = n >> 16, n & 0xffff
    full_width = str.maketrans('0123456789', '０１２３４５６７８９')
    circled = str.maketrans('123456789', '①②③④⑤⑥⑦⑧⑨')
    return [
        dotted, dotted + '.', '%d' % n, '0x%x' % n, '0X%08X' % n, '0%o' % n, '0000000%o' % n, '0x00000000%x' % n,
        '0x%x.0x%x.0x%x.0x%x' % (a, b, c, d), '0%o.0%o.0%o.0%o' % (a, b, c, d), '0%o.%d.0x%x.%d' % (a, b, c, d),
        '000000%o.%d.%d.%d' % (a, b, c, d), '%d.%d.%d' % (a, b, low), '%d.%d' % (a, n & 0xffffff),
        '0x%x.%d' % (a, n & 0xffffff), '0%o.0x%x' % (a, n & 0xffffff),
        ''.join('%%%02x' % ord(c) for c in dotted), dotted.replace('.', '%2e'),
        dotted.translate(full_width), dotted.replace('.', '。'), dotted.replace('.', '．'), dotted.translate(circled),
        '[::ffff:%s]' % dotted, '[::FFFF:%x:%x]' % (high, low), '[0:0:0:0:0:ffff:%x:%x]' % (high, low),
        '[::%s]' % dotted, '[::ffff:0:%s]' % dotted, '[64:ff9b::%s]' % dotted, '[64:ff9b:1::%x:%x]' % (high, low),
        '[2002:%x:%x::1]' % (high, low), '[2001:0:1:1:0:0:%x:%x]' % (high ^ 0xffff, low ^ 0xffff),
        '[fe80::5efe:%s]' % dotted]


def of_addresses(port):
    return ['http://%s:%d/leak' % (host, port) for target in TARGETS for host in hosts_of(target)] + [
        'http://%s:%d/leak' % (host, port) for host in (
            'localhost', 'LOCALHOST', 'localhost.', 'LocalHost', 'l%6fcalhost', 'ｌocalhost', 'loc\u00adalhost',
            '[::1]', '[::]', '[0000::1]', '[::1%25lo]', '[::1%lo]', '[fe80::1%25lo]', '[fc00::1]', '[ff02::1]',
            '[fd00:ec2::254]', '[::127.0.0.1]', '[::0:1]')] + [
        'https://127.0.0.1:%d/leak' % port, 'https://[::1]:%d/leak' % port, 'https://localhost:%d/leak' % port,
        'http://127.0.0.1/leak', 'https://127.0.0.1/leak', 'http://[::1]/leak', 'http://0/leak', 'http://127.1/leak']


def of_parsers(port, good):
    """What one parser reads as the good host and another one as the sink."""
    sink = '127.0.0.1:%d' % port
    return [text % {'good': good, 'sink': sink} for text in (
        'http://%(good)s@%(sink)s/', 'http://%(sink)s@%(good)s/', 'http://user:secret@%(sink)s/',
        'http://%(good)s:80@%(sink)s/', 'http://%(good)s%%40%(sink)s/', 'http://@%(sink)s/', 'http://:@%(sink)s/',
        'http://%(good)s\\@%(sink)s/', 'http://%(sink)s\\@%(good)s/', 'http://%(good)s;@%(sink)s/',
        'http://%(sink)s;@%(good)s/', 'http://%(good)s /@%(sink)s/', 'http://%(sink)s#@%(good)s/csv',
        'http://%(sink)s?@%(good)s/csv', 'http://%(sink)s\\.%(good)s/', 'http://%(sink)s%%00.%(good)s/',
        'http://%(sink)s%%23.%(good)s/', 'http://%(sink)s%%2f%(good)s/', 'http://%(sink)s&%(good)s/',
        'http:%(sink)s/', 'http:/%(sink)s/', 'http:///%(sink)s/', 'http:////%(sink)s/', 'http:\\\\%(sink)s\\',
        '//%(sink)s/', '%(sink)s/', ' http://%(sink)s/', '\thttp://%(sink)s/', 'http://%(sink)s:80/',
        'http://[%(sink)s]/', 'http://[::1/', 'http://::1/', 'http://127.0.0.1:99999/', 'http://127.0.0.1:0/',
        'http://127.0.0.1:-1/', 'http://127.0.0.1:http/', 'http://127.0.0.1:+%(sink)s/', 'http://1.2.3.4.5/',
        'http://127.0.0.1.1/', 'http://256.0.0.1/', 'http://0x100000000/', 'http://4294967297/', 'http://08.0.0.1/',
        'http://127.0.0.0x1.', 'http://127.0.0.０x1/', 'http://0x7f.0.0.0x1%%2e/', 'url:http://%(sink)s/',
        'HTTP://%(sink)s/', 'hTTp://0X7F.1/', 'http://%(sink)s', 'http://')] + [
        '%s://127.0.0.1:%d/etc/passwd' % (scheme, port) for scheme in SCHEMES] + [
        'file:///etc/passwd', 'file:/etc/passwd', 'file://localhost/etc/passwd', 'data:text/csv,a', 'about:blank']


def look_alikes(good_name):
    """Names that look like the good one, which the list does not have."""
    dressed = [good_name.replace('o', 'о'), good_name.replace('o', 'ο'), good_name.replace('g', 'ɡ'),
               good_name.replace('d', 'ԁ'), good_name.replace('t', 'τ'), good_name.replace('e', 'е'),
               'xn--' + good_name, good_name + '.evil.example', 'evil-' + good_name, 'evil' + good_name,
               good_name.replace('.', '-') + '.example', good_name.replace('.', '%2f') + '.example',
               good_name + '%00.evil.example', good_name.replace('o', 'o\u200b'), '\u202e' + good_name,
               good_name.replace('o', 'o\u0308')]
    return [name for name in dressed if name != good_name]
