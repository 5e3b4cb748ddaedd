"""Which column is which field: vendors' exports, languages, slips, rivals, overrides, secrets."""
import re

from harness import Tap
from judge import Judge

judge = Judge()
tap = Tap()

OK, TOO_MANY, TWICE = '0', '1', '2'


class Mapped:
    def __init__(self, mode, *headers):
        self.problem, missing, *columns = judge.ask('map', mode, *headers)
        self.missing = missing.split()
        columns = [column.split(' ') for column in columns]
        self.columns = [' '.join(column[:-4]) for column in columns]
        self.methods = [column[-4] for column in columns]
        self.confidence = [int(column[-3]) for column in columns]
        self.lost_to = [int(column[-2]) for column in columns]
        self.secret = [int(column[-1]) for column in columns]


def maps(sentence, mode, headers, missing=''):
    """headers: a header and its field by turns; "-" is ignored."""
    mapped = Mapped(mode, *headers[::2])
    tap.same((mapped.columns, mapped.missing), (list(headers[1::2]), missing.split()), sentence)


# what vendors export
maps('Google Workspace', 'create', [
    'First Name [Required]', 'first_name', 'Last Name [Required]', 'last_name', 'Email Address [Required]', 'email',
    'Password [Required]', 'password', 'Password Hash Function [UPLOAD ONLY]', '-', 'Org Unit Path [Required]', '-',
    'New Primary Email [UPLOAD ONLY]', '-', 'Recovery Email', '-', 'Home Secondary Email', '-', 'Recovery Phone [MUST BE IN THE E.164 FORMAT]', '-',
    'Employee ID', 'external_id', 'Employee Type', '-', 'Employee Title', '-', 'Manager Email', '-', 'Department', '-', 'Cost Center', '-',
    'Change Password at Next Sign-In', '-', 'New Status [UPLOAD ONLY]', '-'])
maps('Entra, bulk create', 'create', [
    'Name [displayName] Required', '-', 'User name [userPrincipalName] Required', 'email', 'Initial password [passwordProfile] Required', 'password',
    'Block sign in (Yes/No) [accountEnabled] Required', '-', 'First name [givenName]', 'first_name', 'Last name [surname]', 'last_name',
    'Job title [jobTitle]', '-', 'Department [department]', '-', 'Usage location [usageLocation]', '-'])
maps('Entra, download of users', 'create', [
    'userPrincipalName', '-', 'displayName', '-', 'surname', 'last_name', 'mail', 'email', 'givenName', 'first_name', 'id', 'external_id',
    'userType', '-', 'jobTitle', '-', 'department', '-', 'accountEnabled', '-'])
maps('Okta', 'create', ['login', '-', 'firstName', 'first_name', 'lastName', 'last_name', 'middleName', '-', 'email', 'email',
    'secondEmail', '-', 'displayName', '-', 'employeeNumber', 'external_id'])
maps('Auth0', 'create', ['user_id', 'external_id', 'given_name', 'first_name', 'family_name', 'last_name', 'email', 'email', 'email_verified', '-',
    'name', '-', 'nickname', '-', 'picture', '-', 'user_metadata', 'metadata', 'password_hash', 'password_hash'])
maps('Auth0, keys of the metadata', 'create', ['email', 'email', 'given_name', 'first_name', 'family_name', 'last_name', 'user_metadata.plan', 'metadata.plan',
    'app_metadata.plan', '-', 'app_metadata.tier', 'metadata.tier'])
maps('BambooHR', 'account_create', ['Employee #', 'external_id', 'First Name', 'first_name', 'Middle Name', '-', 'Last Name', 'last_name',
    'Preferred Name', '-', 'Work Email', 'email', 'Home Email', '-', 'Hire Date', '-', 'Job Title', '-'])
maps('Workday', 'account_create', ['Worker ID', 'external_id', 'Legal Name - First Name', 'first_name', 'Legal Name - Last Name', 'last_name',
    'Email - Primary Work', 'email', 'Email - Home', '-', 'Manager', '-'])
maps('Personio', 'account_create', ['ID', 'external_id', 'First name', 'first_name', 'Last name', 'last_name', 'Email', 'email', 'Supervisor', '-',
    'Department', '-', 'Office', '-', 'Employment type', '-'])
maps('SAP SuccessFactors', 'account_create', ['STATUS', '-', 'USERID', 'external_id', 'USERNAME', '-', 'FIRSTNAME', 'first_name', 'LASTNAME', 'last_name',
    'EMAIL', 'email', 'MANAGER', '-', 'DEPARTMENT', '-', 'DEFAULT_LOCALE', '-'])
maps('ADP', 'account_create', ['Associate ID', 'external_id', 'Legal First Name', 'first_name', 'Legal Last Name', 'last_name',
    'Work Contact: Work Email', 'email', 'Personal Contact: Personal Email', '-', 'File Number', '-'])
maps('HiBob', 'account_create', ['Bob ID', 'external_id', 'First name', 'first_name', 'Surname', 'last_name', 'Display name', '-', 'Email', 'email'])

# languages
for language, first, last, email, password in (
        ('German', 'Vorname', 'Nachname', 'E-Mail-Adresse', 'Kennwort'), ('German', 'VORNAME', 'Name', 'E-MAIL (dienstlich)', 'Passwort*'),
        ('French', 'Prénom', 'Nom', 'Courriel', 'Mot de passe'), ('French', 'prenom(s)', 'nom de famille', 'Adresse électronique', 'mdp'),
        ('Spanish', 'Nombre', 'Apellidos', 'Correo electrónico', 'Contraseña'), ('Portuguese', 'Nome', 'Sobrenome', 'Endereço de e-mail', 'Senha'),
        ('Italian', 'Nome', 'Cognome', 'Posta elettronica', 'Password'), ('Dutch', 'Voornaam', 'Achternaam', 'E-mailadres', 'Wachtwoord'),
        ('Swedish', 'Förnamn', 'Efternamn', 'E-postadress', 'Lösenord'), ('Danish', 'Fornavn', 'Efternavn', 'E-mail', 'Adgangskode'),
        ('Norwegian', 'Fornavn', 'Etternavn', 'E-postadresse', 'Passord'), ('Finnish', 'Etunimi', 'Sukunimi', 'Sähköposti', 'Salasana'),
        ('Icelandic', 'Eiginnafn', 'Eftirnafn', 'Netfang', 'Lykilorð'), ('Estonian', 'Eesnimi', 'Perekonnanimi', 'E-posti aadress', 'Parool'),
        ('Polish', 'Imię', 'Nazwisko', 'Adres e-mail', 'Hasło'), ('Czech', 'Jméno', 'Příjmení', 'E-mailová adresa', 'Heslo'),
        ('Slovak', 'Meno', 'Priezvisko', 'E-mail', 'Heslo'), ('Hungarian', 'Keresztnév', 'Vezetéknév', 'E-mail cím', 'Jelszó'),
        ('Romanian', 'Prenume', 'Nume', 'Adresă de e-mail', 'Parolă'), ('Croatian', 'Ime', 'Prezime', 'Adresa e-pošte', 'Lozinka'),
        ('Slovenian', 'Ime', 'Priimek', 'E-poštni naslov', 'Geslo'), ('Lithuanian', 'Vardas', 'Pavardė', 'El. paštas', 'Slaptažodis'),
        ('Latvian', 'Vārds', 'Uzvārds', 'E-pasts', 'Parole'), ('Russian', 'ИМЯ', 'Фамилия', 'Электронная почта', 'Пароль'),
        ('Ukrainian', "Ім'я", 'Прізвище', 'Електронна пошта', 'Пароль'), ('Bulgarian', 'Име', 'Фамилно име', 'Имейл', 'Парола'),
        ('Serbian', 'Име', 'Презиме', 'Е-пошта', 'Лозинка'), ('Greek', 'ΌΝΟΜΑ', 'Επώνυμο', 'Ηλεκτρονικό ταχυδρομείο', 'Κωδικός πρόσβασης'),
        ('Turkish', 'ADI', 'SOYADI', 'E-posta', 'Şifre'), ('Hebrew', 'שם פרטי', 'שם משפחה', 'דוא"ל', 'סיסמה'),
        ('Arabic', 'الاسم الأول', 'اسم العائلة', 'البريد الإلكتروني', 'كلمة المرور'), ('Persian', 'نام', 'نام خانوادگی', 'ایمیل', 'رمز عبور'),
        ('Japanese', '名', '姓', 'メールアドレス', 'パスワード'), ('Japanese', 'お名前（名）', 'お名前（姓）', 'Ｅメール', '初期パスワード'),
        ('Chinese, simplified', '名', '姓', '邮箱', '密码'), ('Chinese, traditional', '名字', '姓氏', '電子郵件', '密碼'),
        ('Korean', '이름', '성', '이메일', '비밀번호'), ('Thai', 'ชื่อ', 'นามสกุล', 'อีเมล', 'รหัสผ่าน'),
        ('Vietnamese', 'Tên', 'Họ', 'Địa chỉ email', 'Mật khẩu'), ('Indonesian', 'Nama depan', 'Nama belakang', 'Alamat email', 'Kata sandi'),
        ('Hindi', 'पहला नाम', 'उपनाम', 'ईमेल', 'पासवर्ड')):
    maps(f'{language}: {first}, {last}, {email}, {password}', 'create',
         [first, 'first_name', last, 'last_name', email, 'email', password, 'password'])

# spelling
for sentence, header, field in (
        ('the name of the field', 'first_name', 'first_name'), ('blanks and dashes', ' First - Name ', 'first_name'),
        ('full width', 'Ｆｉｒｓｔ　Ｎａｍｅ', 'first_name'), ('a star', 'First name *', 'first_name'), ('a note in brackets', 'First name (optional)', 'first_name'),
        ('a note behind', 'E-Mail - required', 'email'), ('two languages', 'E-Mail / Courriel', 'email'), ('another language in brackets', 'Kontakt (E-Mail)', 'email'),
        ('a character that cannot be seen', '\ufeffE\u00ad-Mail\u200b', 'email'), ('decomposed letters', 'Pre\u0301nom', 'first_name'),
        ('two letters changed', 'Vornmae', 'first_name'), ('a letter less', 'Familienam', 'last_name'), ('a letter more', 'E-Maill', 'email'),
        ('the first two changed', 'Meail', 'email'), ('two slips in a long word', 'Personalnumer Mitarbieter', '-'), ('an underscore in capitals', 'EXTERNAL_ID', 'external_id'),
        ('both names in one column', 'First name / Last name', '-'), ('both in German', 'Vor- und Nachname', '-'), ('full name', 'Full Name', '-'),
        ('a manager', 'Manager Email', '-'), ('a manager in brackets', 'Manager (Email)', '-'), ('a name alone', 'Name', '-'),
        ('a column of ours, added to failed rows', 'error_code', '-'), ('the other one', 'error_message', '-'), ('nothing like it', 'Shoe size', '-'),
        ('a longer word', 'Emailing frequency', '-'), ('a number behind', 'email2', '-')):
    tap.same(Mapped('create', header).columns, [field], f'{sentence}: "{header.strip()}"')

mapped = Mapped('create', 'email', 'E-MAIL ADDRESS', 'Vornmae', 'Shoe size', 'metadata.shoe')
tap.same(mapped.methods, ['exact', 'ignored', 'closest', 'ignored', 'exact'], 'each column says how it was found')
tap.ok(mapped.confidence[0] == 100 and 50 < mapped.confidence[2] < 90 and mapped.confidence[3] == 0, 'a name is surer than a slip', mapped.confidence)
tap.same(Mapped('create', 'First Name').confidence, [95], 'a usual header is sure')

# rivals
mapped = Mapped('create', 'Username', 'E-Mail', 'Email', 'Private Email')
tap.same((mapped.columns, mapped.lost_to), (['-', 'email', '-', '-'], [2, 0, 2, 2]), 'one column has a field, the others are named')
mapped = Mapped('create', 'Username', 'Private Email', 'Mail', 'email')
tap.same((mapped.columns, mapped.lost_to), (['-', '-', '-', 'email'], [4, 4, 4, 0]), 'who lost to a loser lost to the winner')
maps('a name is a last name beside a first name', 'create', ['Name', 'last_name', 'Vorname', 'first_name', 'email', 'email'])
maps('a last name is better than a name', 'create', ['Name', '-', 'Vorname', 'first_name', 'Nachname', 'last_name', 'email', 'email'])
maps('a user name stands in for an address', 'create', ['Username', 'email'], 'first_name last_name')
maps('what is required is missed', 'create', ['Shoe size', '-'], 'email first_name last_name')
maps('of a learner too', 'learner', ['email', 'email'], 'firstName lastName')
maps('keys of the metadata are fields of their own', 'create', ['metadata.a', 'metadata.a', 'metadata.b', 'metadata.b', 'metadata.a', '-', 'metadata', 'metadata'], 'email first_name last_name')
maps('a key keeps its spelling', 'create', ['Metadata.Cost Center.X', 'metadata.Cost Center.X'], 'email first_name last_name')
maps('metadata without a key', 'create', ['metadata.', 'metadata'], 'email first_name last_name')
tap.same(Mapped('create', *['x'] * 1025).problem, TOO_MANY, 'more than 1024 columns are too many')

# modes
maps('an invite', 'invite', ['Email', 'email', 'First', 'first_name', 'Last', 'last_name', 'Role ID', 'role_id', 'Node ID', 'node_id', 'Client ID', 'client_id',
    'Send Invite', 'send_email', 'intent', 'intent', 'password', '-', 'external_id', '-', 'metadata.x', '-'])
maps('an account', 'account_create', ['email', 'email', 'first_name', 'first_name', 'last_name', 'last_name', 'App ID', 'application_id', 'role_id', '-'])
maps('a learner', 'learner', ['firstName', 'firstName', 'lastName', 'lastName', 'email', 'email', 'externalCustomerId', 'externalCustomerId', 'status', 'status',
    'completionDate', 'completionDate', 'sendInvite', 'sendInvite', 'ref1', 'ref1', 'Ref 2', 'ref2', 'ref10', 'ref10', 'ref11', '-', 'address1', 'address1',
    'Address Line 2', 'address2', 'Town', 'city', 'State/Province', 'state', 'Zip/Postal Code', 'zipCode', 'Country', 'country', 'Mobile', 'telephone',
    'Locale', 'language', 'sfContactId', 'sfContactId', 'Salesforce Account ID', 'sfAccountId', 'metadata.x', '-'])
maps('a learner in German', 'learner', ['Vorname', 'firstName', 'Nachname', 'lastName', 'E-Mail', 'email', 'Straße', 'address1', 'PLZ', 'zipCode', 'Ort', 'city',
    'Bundesland', 'state', 'Land', 'country', 'Telefonnummer', 'telephone', 'Sprache', 'language'])

# overrides
mapped = Mapped('create', 'external_id==Badge', 'ignore==E-Mail', 'metadata.dept==Department', 'Mail', 'Employee ID')
tap.same((mapped.problem, mapped.columns, mapped.methods, mapped.lost_to),
         (OK, ['external_id', '-', 'metadata.dept', 'email', '-'], ['overridden', 'overridden', 'overridden', 'normalised', 'ignored'], [0, 0, 0, 0, 1]),
         'an override stands before every match')
mapped = Mapped('create', 'email==A', 'email==B')
tap.same((mapped.problem, mapped.lost_to), (TWICE, [0, 1]), 'two overrides cannot name one field')
for target in ('nickname', 'metadata.', 'Email', ''):
    tap.same(Mapped('create', f'{target}==A').problem, '0 refused', f'a mode has no field "{target}"')
tap.same(Mapped('invite', 'password==A').problem, '0 refused', 'nor has an invite a password')
tap.same(Mapped('create', 'metadata.pw==Password').problem, '0 refused', 'a password cannot be shown as metadata')
tap.same(Mapped('create', 'password_hash==Password').columns, ['password_hash'], 'but be said to be a hash')

# secrets
maps('a secret stays one beside a field in the same header', 'learner', ['Portalkennwort / Province', '-'], 'firstName lastName email')
for header in ('password', 'Password [Required]', 'PASSWORT', 'Paswort', 'Pasword', 'mot de passe', 'пароль', '密码', '初期パスワード', 'contrasena', 'Initial password',
               'Your password for the portal', 'Passwort Portal', 'user.password', 'metadata.password', 'user_metadata.Passwort', 'confirm password',
               'Password / Kennwort', 'PWD', 'Login (password)', 'senha do portal'):
    tap.same(Mapped('invite', header).secret, [1], f'"{header}" is a password')
for header in ('password_hash', 'Password Hash', 'bcrypt', 'hashed password', 'portal password digest', 'metadata.password_hash'):
    tap.same(Mapped('invite', header).secret, [2], f'"{header}" is a hash')
for header in ('email', 'passport', 'Passport number', 'compass', 'bypass', 'Change Password at Next Sign-In', 'Password Hash Function [UPLOAD ONLY]',
               'password expires', 'Password last changed', 'passenger', 'pass rate', 'metadata.passport', 'keyboard', '', 'x' * 300):
    if header:
        tap.same(Mapped('invite', header).secret, [0], f'"{header[:40]}" is no secret')

# words for secrets, wherever they stand; a column of them is kept nowhere, which is not to say that it has the passwords
for name in ('login pwd', 'temp_pw', 'Initial PW', 'user_pass', 'Zugangscode', 'pin', 'PIN', 'UserPIN', 'PINcode', 'reset_password_token', 'resetPasswordToken', 'RESET-TOKEN', 'totp_secret',
             'totpSecret', 'security answer', 'Security Question 1', 'secretAnswer', 'api key', 'apiKey', 'API-Key', 'x_api_key', 'private key', 'privateKeyPem', 'recovery code', 'Recovery codes', 'backupCodes',
             'otp', 'OTP', 'mfa', 'mfaSeed', '2fa code', 'token', 'accessToken', 'access_token', 'client secret', 'clientSecret', 'secret', 'passcode', 'pass code', 'passphrase', 'passwd', 'pwd', 'pw', 'pw1', 'pass',
             'Pass-Word', 'p a s s w o r d', 'my Password!', 'Password (must have at least 8 characters)', 'Password (length 8-64)', 'Password: changed', 'credentials', 'session id', 'salt',
             'Your password for the portal, which you chose when you registered for the course and which we need to set up your account',
             'Passwort', 'Kennwort', 'Kenwort', 'Paßwort', 'Startpasswörter', 'Geheimzahl', 'Sicherheitsfrage', 'contraseña', 'Contrasena', 'clave', 'Clave de acceso', 'senha', 'Senha do portal', 'palavra-passe',
             'mot de passe', 'Mot_De_Passe', 'motdepasse', "code d'accès", 'réponse secrète', 'parola', "parola d'ordine", 'codice PIN', 'пароль', 'Пароли', 'код доступа', 'секретный вопрос', 'парола', 'лозинка',
             '密码', '登录密码', '密碼', '验证码', '私钥', 'パスワード', 'ﾊﾟｽﾜｰﾄﾞ', '暗証番号', '秘密の質問', '비밀번호', '초기비밀번호', '인증번호', 'hasło', 'HASŁO', 'haslo', 'heslo', 'Heslá', 'salasana', 'Käyttäjän salasana', 'lösenord', 'adgangskode',
             'passord', 'wachtwoord', 'wachtwoorden', 'şifre', 'ŞİFRE', 'sifre', 'parolă', 'jelszó', 'jelszava', 'κωδικός', 'Κωδικός πρόσβασης', 'συνθηματικό', 'סיסמה', 'סיסמא', 'كلمة المرور', 'كلمة السر', 'رمز عبور',
             'รหัสผ่าน', 'mật khẩu', 'mat khau', 'kata sandi', 'kata laluan', 'lozinka', 'zaporka', 'geslo', 'slaptažodis', 'parole', 'parool', 'lykilorð', 'fjalëkalimi', 'cyfrinair', 'pasahitza', 'contrasenya',
             'पासवर्ड', 'পাসওয়ার্ড', 'கடவுச்சொல்', 'პაროლი', 'գաղտնաբառ', 'құпия сөз', 'nenosiri', 'wagwoord', 'metadata.pw', 'x' * 1025, 'pass\u200bword', 'pa\u0301ssword'):
    tap.same(judge.ask('secret', name), ['1'], f'"{name[:60]}" is a secret')
for name in ('password_hash', 'ssha_password', 'PasswordDigest', 'bcrypt', 'hashed_passwd', 'Passwort-Hash', 'Lösenordshash', '密码哈希', 'password (bcrypt)'):
    tap.same(judge.ask('secret', name), ['2'], f'"{name}" is a hash')
for name in ('email', 'first_name', 'Passed', 'Pass/Fail', 'pass rate', 'Passing grade', 'Clase', 'Šifra', 'shipping', 'opinion', 'compass', 'passport', 'Passport number', 'Reisepass', 'passenger', 'Bypass',
             'Secretary', 'Tokyo', 'Salta', 'keyboard', 'Key account', 'Postal code', 'Country code', 'Hash tags', 'Spinning', 'Captain', 'pwdLastSet', 'Password last set', 'passwordChanged', 'Password expires',
             'Change Password at Next Sign-In', 'must_change_password', 'password policy', 'Password Hash Function [UPLOAD ONLY]', 'badPwdCount', 'has-2fa', 'cognito:mfa_enabled', '2sv Enrolled [READ ONLY]',
             'κωδικός υπαλλήλου', 'clave de empleado', 'palabras clave', 'الرمز البريدي', 'Bestanden', 'Sandra', 'Pinned', 'Vertrag', 'metadata.passport', '123', '!'):
    tap.same(judge.ask('secret', name), ['0'], f'"{name}" is no secret')
tap.same(Mapped('create', 'Šifre', 'Şifre', 'SIFRE').columns, ['-', 'password', '-'], 'codes are no passwords for want of a cedilla')
for header in ('Clase', 'Šifra', 'Passed', 'Pass/Fail', 'Pass', 'Clave', 'Pasword', 'Passwrt', 'Pin', 'Secret', 'Kenwort', 'Hash tags', 'Passwords policy', 'Losung', 'Κωδικός', 'Portalkennwort X'):
    tap.same(Mapped('create', header).columns, ['-'], f'"{header}" does not become people\'s passwords')

# every field of a mode, and every header that is usual for one, is what it is: secret only if it is a password's
with open('src/input/mapping_field.c', encoding='utf-8') as file:
    names = set(re.findall(r'\{\{"(\w+)", (?:true|false)', file.read()))
tap.ok(len(names) > 20, 'there are fields')
tap.same({name for name in names if judge.ask('secret', name) != ['0']}, {name for name in names if name.startswith('password')}, 'no field is a secret but for passwords')
wrong = []
for source in ('header_alias.def', 'header_alias_more.def'):
    table = open(f'src/input/{source}', encoding='utf-8').read().split('*/\n', 1)[1]
    for meaning, text in re.findall(r'\{CB_MEANING_([A-Z_0-9]+)[^"]*((?:"(?:[^"\\]|\\.)*"\s*)+)\}', table):
        for header in ''.join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)).replace('\\"', '"').split('|'):
            secret = judge.ask('secret', header)[0]
            if meaning != 'NOTHING' and (secret != '0') != meaning.startswith('PASSWORD'):
                wrong.append(f'{meaning} {header} {secret}')
tap.same(wrong, [], 'the two tables of words agree: the aliases of passwords are secrets, and no others are')


# whole exports, and how many of their headers get the right field: printed for docs/csv.md
def exports(path):
    for line in open(path, encoding='utf-8'):
        if line.startswith('['):
            mode, title = line[1:].rstrip('\n').split('] ', 1)
            export = (mode, title, [])
            yield export
        elif not line.startswith('# '):
            export[2].append(line.rstrip('\n').split('\t'))


def measure(path):
    right, wrong, missed, unmapped, slips = 0, 0, 0, 0, []
    for mode, title, rows in list(exports(path)):
        found = Mapped(mode, *[header for header, _ in rows]).columns
        for (header, field), column in zip(rows, found):
            right += column == field != '-'
            unmapped += field == '-'
            wrong += column not in ('-', field)
            missed += column != field != '-'
            if column != field:
                slips.append(f'{title}: "{header}" is {field}, got {column}')
    precision, recall = 100 * right / (right + wrong), 100 * right / (right + missed)
    print(f'# {path}: {right + missed + unmapped} headers, {unmapped} of no field; precision {precision:.1f} %, recall {recall:.1f} %')
    for slip in slips:
        print(f'#   {slip}')
    return right + missed + unmapped, unmapped, precision, recall


with open('docs/csv.md', encoding='utf-8') as file:
    documented = file.read()


for path, least in (('test/data/headers.tsv', 400), ('test/data/headers_held_out.tsv', 100)):
    headers, unmapped, precision, recall = measure(path)
    tap.ok(headers >= least and unmapped * 2 >= headers, f'{path} has enough headers, half of them of no field', (headers, unmapped))
    tap.ok(precision >= 99.5, f'{path}: of the columns that get a field, 99.5 in 100 get the right one', precision)
    tap.ok(recall >= 97, f'{path}: 97 in 100 of those that should have one have it', recall)
    tap.ok(f'| {headers} | {unmapped} | {precision:.1f} % | {recall:.1f} % |' in documented, f'{path}: docs/csv.md has these figures')

tap.finish()
