PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO goose_db_version VALUES(1,0,1,'2026-11-28 04:07:19');
INSERT INTO goose_db_version VALUES(2,1,1,'2026-11-28 04:07:19');
CREATE TABLE technician (
    id               TEXT    NOT NULL PRIMARY KEY,
    first_name       TEXT    NOT NULL,
    last_name        TEXT    NOT NULL,
    user_name        TEXT    NOT NULL,
    user_name_key    TEXT    NOT NULL,
    plain_name       INTEGER NOT NULL CHECK (plain_name IN (0, 1)), -- the key is ASCII alone
    skeleton         TEXT    NOT NULL,
    email            TEXT    NOT NULL,
    email_key        TEXT    NOT NULL,
    phone            TEXT    NOT NULL,
    role             TEXT    NOT NULL,
    status           TEXT    NOT NULL CHECK (status IN ('invited', 'active', 'deactivated')),
    method           TEXT    NOT NULL CHECK (method IN ('app', 'email', 'text', 'off')),
    generation       INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    password         BLOB    NOT NULL,
    password_at      INTEGER NOT NULL,
    setup_until      INTEGER NOT NULL,
    factor_disabled  INTEGER NOT NULL CHECK (factor_disabled IN (0, 1)),
    enrolment_needed INTEGER NOT NULL CHECK (enrolment_needed IN (0, 1)), -- a reset asks for an enrolment code
    wrong_run        INTEGER NOT NULL CHECK (wrong_run >= 0),
    recovery_run     INTEGER NOT NULL CHECK (recovery_run >= 0),
    wait_until       INTEGER NOT NULL,
    email_changed_at INTEGER NOT NULL,
    email_changed_by TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    last_sign_in_at  INTEGER NOT NULL,
    name_key         TEXT    NOT NULL,
    search           TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO technician VALUES('3ih4a63sjsmom2oz','Invi','Xu','invi@example.com','invi@example.com',1,'invi@exarnple.corn','invi@example.com','invi@example.com','','read-only','invited','app',1,1,X'',0,1796098041025837,0,0,0,0,0,0,'',1795838841025837,0,'invi xu',replace('invi xu\ninvi@example.com\ninvi@example.com\ninvi@example.com','\n',char(10)));
INSERT INTO technician VALUES('hc3i26vc7n4gmiw4','Emil','Xu','emil@example.com','emil@example.com',1,'ernil@exarnple.corn','emil@example.com','emil@example.com','','reports-manager','active','email',2,1,X'0166a04b79b30fc413e5dd1cad5ea426f94c564d5ab14570d10b55b0a51fde005415778c7827403200e0fba6f3189ed68a5496d36ee954132a7f01e1319dc0794e5287aad3af4915e00c547e0c377bea471546e5a0337a029f9a33a6f411b654a967b79f5fcb8babf485222ed5ff2ca4c6e57d3cd2521c54ff3cab5174598cd2e3e81006a859e52aa5b8c58ac9d3',1795838840933969,1796098040724684,0,0,0,0,0,0,'',1795838840724684,1795838841002152,'emil xu',replace('emil xu\nemil@example.com\nemil@example.com\nemil@example.com','\n',char(10)));
INSERT INTO technician VALUES('lvdyn2d3v7og2sfr','Omar','Xu','omar@example.com','omar@example.com',1,'ornar@exarnple.corn','omar@example.com','omar@example.com','','super-admin','active','app',2,1,X'0166a04b7921213f58c6d45e440d8582e89690032c37b5285647319613235108e86b94d4a13a57bbdf08d6f206d05b1f70b320f2bf5ab1341c2cccc609750abff173c740427c8b02ebe884048357d342e6ad7fb91c09295498cd13ebc903955dae5f6c658ca8659358e1a1cf50da0969d3118a1b5f66cf2792315923159d9dbb7c3e30240dba6e13ea23d8c2732a',1795838840612119,1796098040288773,0,0,0,0,0,0,'',1795838840288773,1795838840633567,'omar xu',replace('omar xu\nomar@example.com\nomar@example.com\nomar@example.com','\n',char(10)));
INSERT INTO technician VALUES('wvbbvdsfj4xwz6xq','Mara','X','mara@example.com','mara@example.com',1,'rnara@exarnple.corn','mara@example.com','mara@example.com','','super-admin','active','app',2,1,X'0166a04b795360349289a1d6fea253ad1b60dcdbb9b60c3e3ee6fac6ad887639f86f86fbf65dd25b1e78107726fd1a2670264e1d9658ecd1ceee639ebdde1185e4fc74a7ff692e10d735a941aa6c631cb1c9506f854db4b8e13c6bef42b06cd398cc1308409d05a381a224146b665e1b6bbd8ec2a79ab1af297b1627ec73032170a6e9e690843ec131dc513f6415',1795838840168588,0,0,0,0,0,0,0,'',1795838840168588,1795838840168588,'mara x',replace('mara x\nmara@example.com\nmara@example.com\nmara@example.com','\n',char(10)));
CREATE TABLE factor (
    technician TEXT    NOT NULL PRIMARY KEY REFERENCES technician (id) ON DELETE CASCADE,
    kind       TEXT    NOT NULL CHECK (kind IN ('app', 'email', 'text')),
    secret     BLOB    NOT NULL,
    last_step  INTEGER NOT NULL,
    step_offset INTEGER NOT NULL,
    address    TEXT    NOT NULL,
    proved_at  INTEGER NOT NULL,
    used_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO factor VALUES('hc3i26vc7n4gmiw4','email',X'',0,0,'emil@example.com',1795838840995772,1795838840995772);
INSERT INTO factor VALUES('lvdyn2d3v7og2sfr','app',X'0166a04b790c70861f9d6010f2ae61f4406059d27e1d0afd65b4cf640522f64740c3e243fab93b6c6583364fc26ead07bc52de029c8ef577c64c5a77ce6828b4ae',59861293,0,'',1795838840633083,1795838840633083);
INSERT INTO factor VALUES('wvbbvdsfj4xwz6xq','app',X'0166a04b795976bc29507f2ab1bff85d599992275c00a7c25f0af88a5c1792782de73d78672b7928a264fff44c23f9ded86ce70194358cd9fb077d4b8c11511336',59861293,0,'',1795838840168588,1795838840168588);
CREATE TABLE recovery_code (
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    hash       BLOB    NOT NULL,
    used_at    INTEGER NOT NULL,
    PRIMARY KEY (technician, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO recovery_code VALUES('hc3i26vc7n4gmiw4',X'009aa8ce328f3177afc41ea35d5df7af5b1fd878d24796d61508c5989c7591bc',0);
INSERT INTO recovery_code VALUES('hc3i26vc7n4gmiw4',X'199be964e65283973537131093c91a52d4f7debcb7166b8ad403267407ea09dd',0);
INSERT INTO recovery_code VALUES('hc3i26vc7n4gmiw4',X'1d71eb3a59d9ed9e63c3c68569d002d28d4a09fc70ec8346cd906d4e083ccd5b',0);
INSERT INTO recovery_code VALUES('hc3i26vc7n4gmiw4',X'2008b077e92bc79561fff9736f3a011d93071540cc452a6aafaff363c128fb0e',0);
INSERT INTO recovery_code VALUES('hc3i26vc7n4gmiw4',X'292edf3981b209531788835a2d87bb549a8dae9df54165384811009626fad646',0);
INSERT INTO recovery_code VALUES('hc3i26vc7n4gmiw4',X'41aea214e6de6f8b3dbb1c784e87050397f3feccaa1ed0407078f57b5f512994',0);
INSERT INTO recovery_code VALUES('hc3i26vc7n4gmiw4',X'50feddd8cf7bd63578384b7ca7344476b7946088d3490a94dd41e7eb3c2e20d0',0);
INSERT INTO recovery_code VALUES('hc3i26vc7n4gmiw4',X'88ee1f29253d6bfba0e3571f3b719fa9af145748aeb9ee7934f3206f13cf1691',0);
INSERT INTO recovery_code VALUES('hc3i26vc7n4gmiw4',X'8b4d5ae2ef75476f6720152de916435d8eda5dd935ac11d6e20eefb3caf4ed5f',0);
INSERT INTO recovery_code VALUES('hc3i26vc7n4gmiw4',X'bf5c1f75d73f5601aee879b482ec4791b766e32edec373c896049d43b1d4d257',0);
INSERT INTO recovery_code VALUES('lvdyn2d3v7og2sfr',X'026bbf1a9e156c42c8ede0eb9186cc98954dca2a891f39a4ea39148c8277af31',0);
INSERT INTO recovery_code VALUES('lvdyn2d3v7og2sfr',X'185a4b1203bb49df623dd6bb47296636d03b9cbf33d9c04b966e99c14456a6f4',0);
INSERT INTO recovery_code VALUES('lvdyn2d3v7og2sfr',X'1f163224e7f0189e4558c9a8557118ec670d19a0f12818c6ab9febb0c3cf7f9e',0);
INSERT INTO recovery_code VALUES('lvdyn2d3v7og2sfr',X'65e832a98e6daf88d544752603a5bfe9f42d8eb82cb1607bb99fcbbaab9b9a16',0);
INSERT INTO recovery_code VALUES('lvdyn2d3v7og2sfr',X'b1f647c8039b2a8beb25079fad8f1a624ac425d248f8f5ed505c5901839f77ee',0);
INSERT INTO recovery_code VALUES('lvdyn2d3v7og2sfr',X'b93a0dbd2e7f71675457046ff642e9ad89a33b37f9604186cf4b952521dc8930',0);
INSERT INTO recovery_code VALUES('lvdyn2d3v7og2sfr',X'ce609a77de75769de037b535eee79eeb0938e2f9d0243105e7ebe29278be18fd',0);
INSERT INTO recovery_code VALUES('lvdyn2d3v7og2sfr',X'e13d1b257d409d1c7a884e7451f2fa69ba652555023f269ae24eeef7afbf8386',0);
INSERT INTO recovery_code VALUES('lvdyn2d3v7og2sfr',X'ed5d1156feb4ae9990e47ea468e851d88157991330387053dc880f32f0143d64',0);
INSERT INTO recovery_code VALUES('lvdyn2d3v7og2sfr',X'ef147bf8b491e317697ea2445c8da29c3aed6a4898722a440f138b8a4e97880b',0);
INSERT INTO recovery_code VALUES('wvbbvdsfj4xwz6xq',X'3ae48141331c50a2abf69ee6308f6adf6f6f4c8196c39c51b7c8634b3d419c52',0);
INSERT INTO recovery_code VALUES('wvbbvdsfj4xwz6xq',X'4f10f22b7b15c99f1a679d9d9072cd1fadcecbfe767ccf914b98c83233502336',0);
INSERT INTO recovery_code VALUES('wvbbvdsfj4xwz6xq',X'7621314d9db310c36e090f08c239c6d42bda5184d401cbd8779c2c694ca72176',0);
INSERT INTO recovery_code VALUES('wvbbvdsfj4xwz6xq',X'7c213fcd9e316b72b04b02c9d9eb520719d13be7ce4e6420dbd4f74f72d0666b',0);
INSERT INTO recovery_code VALUES('wvbbvdsfj4xwz6xq',X'82c3c2b131f7b6a59f70705663aac111095a8c931a817182cc2a3248da82fd0a',0);
INSERT INTO recovery_code VALUES('wvbbvdsfj4xwz6xq',X'90d1d1f72ba2049178e229b8b1ca3cf0cdb023d551bf8b258e4948106dae4aad',0);
INSERT INTO recovery_code VALUES('wvbbvdsfj4xwz6xq',X'92892032c51272f45cfced41521880c7edef02842b36163b8e82a8acc61823a9',0);
INSERT INTO recovery_code VALUES('wvbbvdsfj4xwz6xq',X'a23807eb591e0e489d4972cb779a989143da21c67c67cab0a53e6c57e872bf92',0);
INSERT INTO recovery_code VALUES('wvbbvdsfj4xwz6xq',X'bc9c565e3c9540c52910e2aacb8fc9d7b33d94ddf7bf799f92a490c8c61bc8d2',0);
INSERT INTO recovery_code VALUES('wvbbvdsfj4xwz6xq',X'c0dbb7aea8b7a59e847a0b5f74905d26daef1e85f7cae77cd22d009fc8e160c1',0);
CREATE TABLE enrolment_code (
    technician TEXT    NOT NULL PRIMARY KEY REFERENCES technician (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    hash       BLOB    NOT NULL,
    expires_at INTEGER NOT NULL,
    issued_by  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE wrong_day (
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    day        INTEGER NOT NULL, -- days since 1970-01-01 UTC
    answers    INTEGER NOT NULL CHECK (answers >= 0),
    PRIMARY KEY (technician, day)
) STRICT, WITHOUT ROWID;
CREATE TABLE sign_in (
    hash        BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    technician  TEXT    REFERENCES technician (id) ON DELETE CASCADE, -- NULL for the first Super Admin's set-up
    generation  INTEGER NOT NULL,
    purpose     TEXT    NOT NULL,
    password    INTEGER NOT NULL CHECK (password IN (0, 1)),
    opener      INTEGER NOT NULL CHECK (opener IN (0, 1)),
    enrolment   INTEGER NOT NULL CHECK (enrolment IN (0, 1)),
    recovery    INTEGER NOT NULL CHECK (recovery IN (0, 1)),
    factor      INTEGER NOT NULL CHECK (factor IN (0, 1)),
    enrolled    INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
    session     BLOB    NOT NULL, -- the session that a step-up belongs to, empty where there is none
    pending     BLOB    NOT NULL,
    pending_at  INTEGER NOT NULL,
    hint_step   INTEGER NOT NULL,
    hint_offset INTEGER NOT NULL,
    wrong       INTEGER NOT NULL,
    return_to   TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    browser     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO sign_in VALUES(X'e6719c02a55c01cc32a5f913b6c79faa3774c49a4dc96f609a132d5b9346a26d','lvdyn2d3v7og2sfr',2,'sign-in',1,0,0,0,0,0,X'',X'',0,0,0,0,'/','127.0.0.1','Unknown browser',1795838841112682,1795839441112682);
CREATE TABLE code (
    id         TEXT    NOT NULL PRIMARY KEY,
    sign_in    BLOB    NOT NULL REFERENCES sign_in (hash) ON DELETE CASCADE ON UPDATE CASCADE,
    place      INTEGER NOT NULL, -- 1, 2, … within the sign-in; the greatest is the newest
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    channel    TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    hash       BLOB    NOT NULL,
    attempts   INTEGER NOT NULL CHECK (attempts BETWEEN 0 AND 3),
    state      TEXT    NOT NULL CHECK (state IN ('sending', 'sent', 'failed', 'unclear')),
    detail     TEXT    NOT NULL,
    dead       INTEGER NOT NULL CHECK (dead IN (0, 1)),
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE send (
    code       TEXT    NOT NULL PRIMARY KEY,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    address    TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    succeeded  INTEGER NOT NULL CHECK (succeeded IN (0, 1))
) STRICT, WITHOUT ROWID;
INSERT INTO send VALUES('bxw6tovkvhkjwrow','hc3i26vc7n4gmiw4','emil@example.com',1795838840934944,1);
CREATE TABLE session (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    method     TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    browser    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    used_at    INTEGER NOT NULL,
    proved_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO session VALUES(X'0a40043e7a8b2ffa82cff77434e1c5b7891fe2ced9dd00b2ac0e8a90370d0d78','wvbbvdsfj4xwz6xq',2,'app','127.0.0.1','Unknown browser',1795838840168588,1795838841086542,1795838840168588,1795882040168588);
INSERT INTO session VALUES(X'22ce40f582013dd3282f99ca7d5f32cc1104c38185f19cab3109052fc7aade75','hc3i26vc7n4gmiw4',2,'email','127.0.0.1','Unknown browser',1795838841002152,1795838841014360,1795838841002152,1795882041002152);
INSERT INTO session VALUES(X'cca0747b634bbd74d2332fe5f9fdc7222c9cdf99e899232c052e6932df68008d','lvdyn2d3v7og2sfr',2,'app','127.0.0.1','Unknown browser',1795838840633567,1795838840649168,1795838840633567,1795882040633567);
CREATE TABLE ended_session (
    hash     BLOB    NOT NULL PRIMARY KEY,
    reason   TEXT    NOT NULL,
    ended_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE device (
    hash       BLOB    NOT NULL PRIMARY KEY,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO device VALUES(X'243498f1bc156f74143804978bd5b0d2fdeedde2b063dccb4e5392367d6f48ab','lvdyn2d3v7og2sfr',1795838840633764);
INSERT INTO device VALUES(X'30522dd7e958d7421b6d1583984fcefc05107329bcfc1d7b3e3f36aa11e4c3c1','wvbbvdsfj4xwz6xq',1795838840169587);
INSERT INTO device VALUES(X'58493ee7e28fd33adcccfe33c149f8be45b12bfd238d2ed986c30f2d2a573c9f','hc3i26vc7n4gmiw4',1795838841002563);
CREATE TABLE link (
    hash       BLOB    NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    kind       TEXT    NOT NULL,
    technician TEXT    REFERENCES technician (id) ON DELETE CASCADE, -- NULL for the first Super Admin's set-up
    generation INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    created_by TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO link VALUES(X'fd342a33452e5d64bfe2b53008c5825af5d95704bcc60307fb9085c4789c95cd','invitation','3ih4a63sjsmom2oz',1,1795838841025837,1796098041025837,'wvbbvdsfj4xwz6xq');
CREATE TABLE password_reset (
    id         TEXT    NOT NULL PRIMARY KEY,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    generation INTEGER NOT NULL,
    waiting    INTEGER NOT NULL CHECK (waiting IN (0, 1)),
    address    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE reset_asked (
    id         INTEGER PRIMARY KEY,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL
) STRICT;
CREATE TABLE help_request (
    id         TEXT    NOT NULL PRIMARY KEY,
    number     TEXT    NOT NULL,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    note       TEXT    NOT NULL,
    address    TEXT    NOT NULL,
    browser    TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    done_at    INTEGER NOT NULL,
    done_by    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE notice (
    id         TEXT    NOT NULL PRIMARY KEY,
    type       TEXT    NOT NULL,
    text       TEXT    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE notice_seen (
    notice     TEXT    NOT NULL REFERENCES notice (id) ON DELETE CASCADE,
    technician TEXT    NOT NULL REFERENCES technician (id) ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    PRIMARY KEY (notice, technician)
) STRICT, WITHOUT ROWID;
CREATE TABLE guess (
    id         TEXT    NOT NULL PRIMARY KEY,
    wrong      INTEGER NOT NULL,
    wait_until INTEGER NOT NULL,
    last_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO guess VALUES('a71878354cd1c536fee5262547277560b',0,0,1795838841112671);
CREATE TABLE setting (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO setting VALUES('audit-keep','400');
INSERT INTO setting VALUES('code-life','3');
INSERT INTO setting VALUES('country','US');
INSERT INTO setting VALUES('enrolment-codes','yes');
INSERT INTO setting VALUES('enrolment-life','60');
INSERT INTO setting VALUES('factor-run','100');
INSERT INTO setting VALUES('invitation-life','72');
INSERT INTO setting VALUES('old-factor-opens','yes');
INSERT INTO setting VALUES('organisation','Northwind IT');
INSERT INTO setting VALUES('password-min','15');
INSERT INTO setting VALUES('permit-off','yes');
INSERT INTO setting VALUES('resend-after','30');
INSERT INTO setting VALUES('resend-day','10');
INSERT INTO setting VALUES('resend-hour','5');
INSERT INTO setting VALUES('session-age','12');
INSERT INTO setting VALUES('session-idle','30');
INSERT INTO setting VALUES('session-limit','0');
INSERT INTO setting VALUES('setup-life','72');
INSERT INTO setting VALUES('step-up-after','15');
INSERT INTO setting VALUES('steps-aside','1');
CREATE TABLE gateway (
    channel     TEXT    NOT NULL CHECK (channel IN ('email', 'sms')),
    slot        TEXT    NOT NULL CHECK (slot IN ('live', 'draft')),
    kind        TEXT    NOT NULL,
    settings    TEXT    NOT NULL, -- JSON object
    sealed      BLOB    NOT NULL,
    secrets_set TEXT    NOT NULL, -- JSON array of names
    version     INTEGER NOT NULL,
    proved_at   INTEGER NOT NULL,
    changed_at  INTEGER NOT NULL,
    changed_by  TEXT    NOT NULL,
    PRIMARY KEY (channel, slot)
) STRICT, WITHOUT ROWID;
INSERT INTO gateway VALUES('email','draft','smtp','{"host":"localhost","port":"465","sender":"door2@example.com","sender_name":"Door Two","tls":"implicit","user":"u2"}',X'0166a04b79323edeaaabd175c3d63ed931a22fa4cb305adaac11cffa3ffb5a2bf1856e5ab8c25f35bfac6d43c50b0788ae422dda493d93b696c0e44d7a76a3d1f94cf9e2a3b0344db77e010603','["password"]',1,0,1795838840252841,'wvbbvdsfj4xwz6xq');
INSERT INTO gateway VALUES('email','live','smtp','{"host":"127.0.0.1","port":"42207","sender":"door@example.com","sender_name":"Door","tls":"none"}',X'','',1,1795838840231207,1795838840211179,'wvbbvdsfj4xwz6xq');
INSERT INTO gateway VALUES('sms','live','http','{"body":"to={to}\ntext={text}","format":"form","method":"POST","url":"http://127.0.0.1:42189/send"}',X'0166a04b79c81977e917519ea8da07886612920dfc985516bb393b5570f01b39603e4fdda88252de4a2a3cb4909d9332cd1dd63df154982c75a39de1352f0c5fa1b6348615c9cc995fa1b4438d64bedc584170f7e80c713cabcc8b9803','["headers"]',1,1795838840246206,1795838840237677,'wvbbvdsfj4xwz6xq');
CREATE TABLE outbox (
    id         TEXT    NOT NULL PRIMARY KEY,
    channel    TEXT    NOT NULL CHECK (channel IN ('email', 'sms')),
    recipient  TEXT    NOT NULL,
    sealed     BLOB    NOT NULL, -- empty as soon as it is done
    attempts   INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    sent_at    INTEGER NOT NULL,
    done_at    INTEGER NOT NULL, -- sent or given up
    last_error TEXT    NOT NULL,
    event      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO outbox VALUES('hqvsggdmru5dzwl5','email','omar@example.com',X'',1,1795838840633538,1796098040633538,1795838840633538,1795838840691378,1795838840691379,'','factor-set-up');
INSERT INTO outbox VALUES('iapxxzizrair3mmg','email','emil@example.com',X'',1,1795838840996190,1796098040996190,1795838840996190,1795838841028540,1795838841028541,'','factor-set-up');
INSERT INTO outbox VALUES('kovxlfgd56tnlcui','email','invi@example.com',X'',1,1795838841026295,1796098041025837,1795838841026295,1795838841079740,1795838841079741,'','invitation');
INSERT INTO outbox VALUES('lcwqsfiqe7uf7idx','email','omar@example.com',X'',1,1795838840289543,1796098040288773,1795838840289543,1795838840382212,1795838840382215,'','invitation');
INSERT INTO outbox VALUES('so4ghxgmskcbunnn','email','emil@example.com',X'',1,1795838840725191,1796098040724684,1795838840725191,1795838840772291,1795838840772292,'','invitation');
INSERT INTO outbox VALUES('t5uwcdjyz7up757t','email','mara@example.com',X'',1,1795838840169197,1796098040169197,1795838840169197,1795838840236277,1795838840236278,'','factor-set-up');
CREATE TABLE event (
    id          INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    type        TEXT    NOT NULL,
    actor_kind  TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    actor_name  TEXT    NOT NULL,
    target      TEXT    NOT NULL,
    target_name TEXT    NOT NULL,
    old_values  TEXT    NOT NULL, -- JSON object or empty
    new_values  TEXT    NOT NULL,
    address     TEXT    NOT NULL,
    browser     TEXT    NOT NULL,
    request     TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    search      TEXT    NOT NULL
) STRICT;
INSERT INTO event VALUES(1,1795838840168493,'signin.factor.attempt','technician','','','','','','','127.0.0.1','Unknown browser','ncl3ojqs5pn72vll','enrol app','ok',replace('signin.factor.attempt\n\n\n127.0.0.1\nunknown browser\nncl3ojqs5pn72vll\nenrol app','\n',char(10)));
INSERT INTO event VALUES(2,1795838840168604,'signin.factor.right','technician','','','','','','','127.0.0.1','Unknown browser','ncl3ojqs5pn72vll','enrol app','ok',replace('signin.factor.right\n\n\n127.0.0.1\nunknown browser\nncl3ojqs5pn72vll\nenrol app','\n',char(10)));
INSERT INTO event VALUES(3,1795838840168907,'setup.finished','technician','wvbbvdsfj4xwz6xq','mara@example.com','wvbbvdsfj4xwz6xq','mara@example.com','','','127.0.0.1','Unknown browser','ncl3ojqs5pn72vll','','ok',replace('setup.finished\nmara@example.com\nmara@example.com\n127.0.0.1\nunknown browser\nncl3ojqs5pn72vll\n','\n',char(10)));
INSERT INTO event VALUES(4,1795838840169079,'factor.enrolled','technician','wvbbvdsfj4xwz6xq','mara@example.com','wvbbvdsfj4xwz6xq','mara@example.com','','{"factor":"app"}','127.0.0.1','Unknown browser','ncl3ojqs5pn72vll','','ok',replace('factor.enrolled\nmara@example.com\nmara@example.com\n127.0.0.1\nunknown browser\nncl3ojqs5pn72vll\n','\n',char(10)));
INSERT INTO event VALUES(5,1795838840169622,'signin.finished','technician','wvbbvdsfj4xwz6xq','mara@example.com','wvbbvdsfj4xwz6xq','mara@example.com','','{"method":"app"}','127.0.0.1','Unknown browser','ncl3ojqs5pn72vll','','ok',replace('signin.finished\nmara@example.com\nmara@example.com\n127.0.0.1\nunknown browser\nncl3ojqs5pn72vll\n','\n',char(10)));
INSERT INTO event VALUES(6,1795838840185999,'policy.changed','host','','uid 0 (root)','','','{"permit-off":"no"}','{"permit-off":"yes"}','this host','sallyport command','tqtv34xsjyhqv7py','','ok',replace('policy.changed\nuid 0 (root)\n\nthis host\nsallyport command\ntqtv34xsjyhqv7py\n','\n',char(10)));
INSERT INTO event VALUES(7,1795838840203586,'policy.changed','host','','uid 0 (root)','','','{"organisation":"Sallyport"}','{"organisation":"Northwind IT"}','this host','sallyport command','fmmg7hbriugzxws7','','ok',replace('policy.changed\nuid 0 (root)\n\nthis host\nsallyport command\nfmmg7hbriugzxws7\n','\n',char(10)));
INSERT INTO event VALUES(8,1795838840211305,'email.settings.draft','technician','wvbbvdsfj4xwz6xq','mara@example.com','','','','{"host":"127.0.0.1","kind":"smtp","port":"42207","sender":"door@example.com","sender_name":"Door","tls":"none"}','127.0.0.1','Unknown browser','7s4pnkadpf5ecbru','','ok',replace('email.settings.draft\nmara@example.com\n\n127.0.0.1\nunknown browser\n7s4pnkadpf5ecbru\n','\n',char(10)));
INSERT INTO event VALUES(9,1795838840220828,'email.settings.tested','technician','wvbbvdsfj4xwz6xq','mara@example.com','','','','{"to":"test@example.com"}','127.0.0.1','Unknown browser','uydabvupzoauj5bs','','ok',replace('email.settings.tested\nmara@example.com\n\n127.0.0.1\nunknown browser\nuydabvupzoauj5bs\n','\n',char(10)));
INSERT INTO event VALUES(10,1795838840231299,'email.settings.proved','technician','wvbbvdsfj4xwz6xq','mara@example.com','','','','{"host":"127.0.0.1","kind":"smtp","port":"42207","sender":"door@example.com","sender_name":"Door","tls":"none"}','127.0.0.1','Unknown browser','cyib2aglpvqtpd2f','','ok',replace('email.settings.proved\nmara@example.com\n\n127.0.0.1\nunknown browser\ncyib2aglpvqtpd2f\n','\n',char(10)));
INSERT INTO event VALUES(11,1795838840237739,'sms.settings.draft','technician','wvbbvdsfj4xwz6xq','mara@example.com','','','','{"body":"to={to}\\u000atext={text}","format":"form","headers":"new","kind":"http","method":"POST","url":"http://127.0.0.1:42189/send"}','127.0.0.1','Unknown browser','rmhork4b7pujemcw','','ok',replace('sms.settings.draft\nmara@example.com\n\n127.0.0.1\nunknown browser\nrmhork4b7pujemcw\n','\n',char(10)));
INSERT INTO event VALUES(12,1795838840241255,'sms.settings.tested','technician','wvbbvdsfj4xwz6xq','mara@example.com','','','','{"to":"+41791234567"}','127.0.0.1','Unknown browser','cswgix36f6zldtfp','','ok',replace('sms.settings.tested\nmara@example.com\n\n127.0.0.1\nunknown browser\ncswgix36f6zldtfp\n','\n',char(10)));
INSERT INTO event VALUES(13,1795838840246250,'sms.settings.proved','technician','wvbbvdsfj4xwz6xq','mara@example.com','','','','{"body":"to={to}\\u000atext={text}","format":"form","headers":"set","kind":"http","method":"POST","url":"http://127.0.0.1:42189/send"}','127.0.0.1','Unknown browser','iml266ybj6apyyn5','','ok',replace('sms.settings.proved\nmara@example.com\n\n127.0.0.1\nunknown browser\niml266ybj6apyyn5\n','\n',char(10)));
INSERT INTO event VALUES(14,1795838840252903,'email.settings.draft','technician','wvbbvdsfj4xwz6xq','mara@example.com','','','{"host":"127.0.0.1","port":"42207","sender":"door@example.com","sender_name":"Door","tls":"none"}','{"host":"localhost","password":"(hidden)","port":"465","sender":"door2@example.com","sender_name":"Door Two","tls":"implicit","user":"u2"}','127.0.0.1','Unknown browser','gvtnqhloomplpzz6','','ok',replace('email.settings.draft\nmara@example.com\n\n127.0.0.1\nunknown browser\ngvtnqhloomplpzz6\n','\n',char(10)));
INSERT INTO event VALUES(15,1795838840289311,'technician.added','technician','wvbbvdsfj4xwz6xq','mara@example.com','lvdyn2d3v7og2sfr','omar@example.com','','{"email":"omar@example.com","first_name":"Omar","last_name":"Xu","method":"app","role":"super-admin","status":"invited","user_name":"omar@example.com"}','127.0.0.1','Unknown browser','dgsstvbwludfsqdz','','ok',replace('technician.added\nmara@example.com\nomar@example.com\n127.0.0.1\nunknown browser\ndgsstvbwludfsqdz\n','\n',char(10)));
INSERT INTO event VALUES(16,1795838840616452,'invitation.accepted','technician','lvdyn2d3v7og2sfr','omar@example.com','lvdyn2d3v7og2sfr','omar@example.com','','','127.0.0.1','Unknown browser','5b45ntmxasujatwg','','ok',replace('invitation.accepted\nomar@example.com\nomar@example.com\n127.0.0.1\nunknown browser\n5b45ntmxasujatwg\n','\n',char(10)));
INSERT INTO event VALUES(17,1795838840632947,'signin.factor.attempt','technician','lvdyn2d3v7og2sfr','omar@example.com','lvdyn2d3v7og2sfr','omar@example.com','','','127.0.0.1','Unknown browser','zgmxqkxdp5jin4k4','enrol app','ok',replace('signin.factor.attempt\nomar@example.com\nomar@example.com\n127.0.0.1\nunknown browser\nzgmxqkxdp5jin4k4\nenrol app','\n',char(10)));
INSERT INTO event VALUES(18,1795838840633125,'signin.factor.right','technician','lvdyn2d3v7og2sfr','omar@example.com','lvdyn2d3v7og2sfr','omar@example.com','','','127.0.0.1','Unknown browser','zgmxqkxdp5jin4k4','enrol app','ok',replace('signin.factor.right\nomar@example.com\nomar@example.com\n127.0.0.1\nunknown browser\nzgmxqkxdp5jin4k4\nenrol app','\n',char(10)));
INSERT INTO event VALUES(19,1795838840633429,'factor.enrolled','technician','lvdyn2d3v7og2sfr','omar@example.com','lvdyn2d3v7og2sfr','omar@example.com','','{"factor":"app"}','127.0.0.1','Unknown browser','zgmxqkxdp5jin4k4','','ok',replace('factor.enrolled\nomar@example.com\nomar@example.com\n127.0.0.1\nunknown browser\nzgmxqkxdp5jin4k4\n','\n',char(10)));
INSERT INTO event VALUES(20,1795838840633788,'signin.finished','technician','lvdyn2d3v7og2sfr','omar@example.com','lvdyn2d3v7og2sfr','omar@example.com','','{"method":"app"}','127.0.0.1','Unknown browser','zgmxqkxdp5jin4k4','','ok',replace('signin.finished\nomar@example.com\nomar@example.com\n127.0.0.1\nunknown browser\nzgmxqkxdp5jin4k4\n','\n',char(10)));
INSERT INTO event VALUES(21,1795838840725014,'technician.added','technician','wvbbvdsfj4xwz6xq','mara@example.com','hc3i26vc7n4gmiw4','emil@example.com','','{"email":"emil@example.com","first_name":"Emil","last_name":"Xu","method":"email","role":"reports-manager","status":"invited","user_name":"emil@example.com"}','127.0.0.1','Unknown browser','itghipxm2ppztzdc','','ok',replace('technician.added\nmara@example.com\nemil@example.com\n127.0.0.1\nunknown browser\nitghipxm2ppztzdc\n','\n',char(10)));
INSERT INTO event VALUES(22,1795838840934013,'invitation.accepted','technician','hc3i26vc7n4gmiw4','emil@example.com','hc3i26vc7n4gmiw4','emil@example.com','','','127.0.0.1','Unknown browser','cgrjl6oamcj6sj5m','','ok',replace('invitation.accepted\nemil@example.com\nemil@example.com\n127.0.0.1\nunknown browser\ncgrjl6oamcj6sj5m\n','\n',char(10)));
INSERT INTO event VALUES(23,1795838840955609,'signin.code.sent','technician','hc3i26vc7n4gmiw4','emil@example.com','hc3i26vc7n4gmiw4','emil@example.com','','','127.0.0.1','Unknown browser','cgrjl6oamcj6sj5m','email','sent',replace('signin.code.sent\nemil@example.com\nemil@example.com\n127.0.0.1\nunknown browser\ncgrjl6oamcj6sj5m\nemail','\n',char(10)));
INSERT INTO event VALUES(24,1795838840995610,'signin.factor.attempt','technician','hc3i26vc7n4gmiw4','emil@example.com','hc3i26vc7n4gmiw4','emil@example.com','','','127.0.0.1','Unknown browser','itu6mhlkk2il3ppq','enrol email','ok',replace('signin.factor.attempt\nemil@example.com\nemil@example.com\n127.0.0.1\nunknown browser\nitu6mhlkk2il3ppq\nenrol email','\n',char(10)));
INSERT INTO event VALUES(25,1795838840995942,'signin.factor.right','technician','hc3i26vc7n4gmiw4','emil@example.com','hc3i26vc7n4gmiw4','emil@example.com','','','127.0.0.1','Unknown browser','itu6mhlkk2il3ppq','enrol email','ok',replace('signin.factor.right\nemil@example.com\nemil@example.com\n127.0.0.1\nunknown browser\nitu6mhlkk2il3ppq\nenrol email','\n',char(10)));
INSERT INTO event VALUES(26,1795838840996082,'factor.enrolled','technician','hc3i26vc7n4gmiw4','emil@example.com','hc3i26vc7n4gmiw4','emil@example.com','','{"factor":"email"}','127.0.0.1','Unknown browser','itu6mhlkk2il3ppq','','ok',replace('factor.enrolled\nemil@example.com\nemil@example.com\n127.0.0.1\nunknown browser\nitu6mhlkk2il3ppq\n','\n',char(10)));
INSERT INTO event VALUES(27,1795838841002624,'signin.finished','technician','hc3i26vc7n4gmiw4','emil@example.com','hc3i26vc7n4gmiw4','emil@example.com','','{"method":"email"}','127.0.0.1','Unknown browser','itu6mhlkk2il3ppq','','ok',replace('signin.finished\nemil@example.com\nemil@example.com\n127.0.0.1\nunknown browser\nitu6mhlkk2il3ppq\n','\n',char(10)));
INSERT INTO event VALUES(28,1795838841026144,'technician.added','technician','wvbbvdsfj4xwz6xq','mara@example.com','3ih4a63sjsmom2oz','invi@example.com','','{"email":"invi@example.com","first_name":"Invi","last_name":"Xu","method":"app","role":"read-only","status":"invited","user_name":"invi@example.com"}','127.0.0.1','Unknown browser','aj3ifkdutbpz4b4q','','ok',replace('technician.added\nmara@example.com\ninvi@example.com\n127.0.0.1\nunknown browser\naj3ifkdutbpz4b4q\n','\n',char(10)));
INSERT INTO event VALUES(29,1795838841112727,'signin.password.right','technician','lvdyn2d3v7og2sfr','omar@example.com','lvdyn2d3v7og2sfr','omar@example.com','','','127.0.0.1','Unknown browser','rq777czsdyrkxoev','','ok',replace('signin.password.right\nomar@example.com\nomar@example.com\n127.0.0.1\nunknown browser\nrq777czsdyrkxoev\n','\n',char(10)));
CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES('clock',X'0006614e5032d2e5');
INSERT INTO meta VALUES('delivery.test.email',X'');
INSERT INTO meta VALUES('delivery.test.sms',X'');
INSERT INTO meta VALUES('key-check',X'df90e17ac2e012046ca571086d10f770587a78dcd82290bcbc9a91c17b2eb16b');
INSERT INTO meta VALUES('set-up-over',X'01');
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('goose_db_version',2);
CREATE UNIQUE INDEX technician_user_name ON technician (user_name_key);
CREATE UNIQUE INDEX technician_skeleton_foreign ON technician (skeleton) WHERE plain_name = 0;
CREATE INDEX technician_skeleton ON technician (skeleton);
CREATE INDEX technician_email ON technician (email_key);
CREATE INDEX technician_name ON technician (name_key, id, search);
CREATE INDEX technician_role ON technician (role, name_key, id);
CREATE INDEX technician_status ON technician (status, name_key, id);
CREATE INDEX technician_method ON technician (method, name_key, id);
CREATE INDEX technician_last ON technician (last_sign_in_at, name_key, id);
CREATE INDEX factor_kind ON factor (kind, technician);
CREATE INDEX wrong_day_day ON wrong_day (day);
CREATE INDEX sign_in_technician ON sign_in (technician);
CREATE INDEX sign_in_session ON sign_in (session);
CREATE INDEX sign_in_expires ON sign_in (expires_at);
CREATE UNIQUE INDEX code_newest ON code (sign_in, place);
CREATE INDEX code_technician ON code (technician);
CREATE INDEX send_technician ON send (technician, at);
CREATE INDEX send_address ON send (address, at);
CREATE INDEX send_at ON send (at);
CREATE INDEX session_technician ON session (technician, created_at, hash);
CREATE INDEX session_used ON session (used_at, hash);
CREATE INDEX session_expires ON session (expires_at);
CREATE INDEX ended_session_at ON ended_session (ended_at);
CREATE INDEX device_technician ON device (technician);
CREATE INDEX device_seen ON device (seen_at);
CREATE INDEX link_technician ON link (technician, kind, created_at);
CREATE INDEX link_expires ON link (expires_at);
CREATE INDEX password_reset_technician ON password_reset (technician);
CREATE INDEX password_reset_expires ON password_reset (expires_at);
CREATE INDEX reset_asked_technician ON reset_asked (technician, at);
CREATE INDEX reset_asked_at ON reset_asked (at);
CREATE INDEX help_request_technician ON help_request (technician, done_at);
CREATE INDEX help_request_open ON help_request (done_at, created_at);
CREATE INDEX notice_seen_technician ON notice_seen (technician);
CREATE INDEX guess_last ON guess (last_at);
CREATE INDEX outbox_due ON outbox (done_at, next_at, id);
CREATE INDEX event_at ON event (at);
CREATE INDEX event_type ON event (type, id);
CREATE INDEX event_actor ON event (actor, id) WHERE actor <> '';
CREATE INDEX event_target ON event (target, id) WHERE target <> '';
COMMIT;
