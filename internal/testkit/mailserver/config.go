package mailserver

// mainConfig takes mail for northwind.example only, only over TLS, only from who has authenticated, and lets nothing out.
const mainConfig = `compatibility_level = 3.6
queue_directory = $FOLDER/postfix/queue
data_directory = $FOLDER/postfix/data
mail_owner = postfix
setgid_group = postdrop
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = $FOLDER/postfix/mail.log
maillog_file_prefixes = $FOLDER
inet_interfaces = loopback-only
inet_protocols = ipv4
myhostname = mail.northwind.example
mydestination =
mynetworks =
local_recipient_maps =
alias_maps =
alias_database =
virtual_mailbox_domains = northwind.example
virtual_mailbox_base = $FOLDER/mail
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:$UID
virtual_gid_maps = static:$UID
virtual_minimum_uid = 100
smtpd_tls_cert_file = $FOLDER/cert.pem
smtpd_tls_key_file = $FOLDER/key.pem
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:$AUTH
smtpd_relay_restrictions = permit_sasl_authenticated, reject
smtpd_recipient_restrictions = reject_unknown_recipient_domain, permit_sasl_authenticated, reject
smtpd_client_restrictions = permit_sasl_authenticated, reject
smtpd_delay_reject = yes
smtpd_tls_received_header = yes
unknown_address_reject_code = 550
default_transport = error:outside mail is not sent
relay_transport = error:outside mail is not sent
`

const masterConfig = `127.0.0.1:$SUBMISSION inet n - n - - smtpd
127.0.0.1:$SMTPS inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`

const dovecotConfig = `base_dir = $FOLDER/dovecot/run
state_dir = $FOLDER/dovecot/state
log_path = $FOLDER/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = required
ssl_cert = <$FOLDER/cert.pem
ssl_key = <$FOLDER/key.pem
mail_location = maildir:$FOLDER/mail/inbox
mail_uid = $UID
mail_gid = $UID
first_valid_uid = 100
auth_mechanisms = plain login
auth_failure_delay = 0
mailbox_idle_check_interval = 1 secs
passdb {
  driver = passwd-file
  args = $FOLDER/users
}
userdb {
  driver = static
  args = uid=$UID gid=$UID home=$FOLDER/mail
}
service imap-login {
  inet_listener imap {
    port = 0
  }
  inet_listener imaps {
    port = $IMAPS
    ssl = yes
  }
}
service auth {
  inet_listener {
    address = 127.0.0.1
    port = $AUTH
  }
}
`
