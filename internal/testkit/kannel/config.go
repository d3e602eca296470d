package kannel

const configuration = `group = core
admin-port = $ADMIN
admin-interface = 127.0.0.1
admin-password = admin
status-password = status
admin-deny-ip = "*.*.*.*"
admin-allow-ip = "127.0.0.1"
smsbox-port = $BOX
smsbox-interface = 127.0.0.1
box-deny-ip = "*.*.*.*"
box-allow-ip = "127.0.0.1"
log-file = "$FOLDER/bearerbox.log"
log-level = 1
store-type = file
store-location = "$FOLDER/kannel.store"
dlr-storage = internal

group = smsc
smsc = fake
smsc-id = fake1
port = $NETWORK
our-host = 127.0.0.1
connect-allow-ip = 127.0.0.1

group = smsbox
smsbox-id = box1
bearerbox-host = 127.0.0.1
bearerbox-port = $BOX
sendsms-port = $SEND
sendsms-interface = 127.0.0.1
sendsms-chars = "0123456789 +-"
log-file = "$FOLDER/smsbox.log"
log-level = 1
access-log = "$FOLDER/smsbox-access.log"

group = sendsms-user
username = $USER
password = $PASSWORD
user-deny-ip = "*.*.*.*"
user-allow-ip = "127.0.0.1"
max-messages = 4
concatenation = true

group = sms-service
keyword = default
text = "nobody reads this"
max-messages = 0
`
