package store

import (
	"context"
	"fmt"
	"strconv"

	"sallyport"
)

// Settings returns the settings in force: what is stored, and the contract's number where nothing is. A stored value
// that is out of its range is an error, never silently another value.
func (tx *Tx) Settings(ctx context.Context) (sallyport.Settings, error) {
	s := defaultSettings
	err := tx.each(ctx, `SELECT name, value FROM setting`, nil, func(r row) error {
		var name, value string
		if err := r.Scan(&name, &value); err != nil {
			return err
		}
		return stored(&s, name, value)
	})
	return s, err
}

// stored puts one stored setting into s; one that this version does not know is left out.
func stored(s *sallyport.Settings, name, value string) error {
	key, ok := sallyport.SettingByName(name)
	if !ok {
		return nil
	}
	if err := key.Set(s, value); err != nil {
		return fmt.Errorf("store: the stored setting %s: %v", name, err)
	}
	return nil
}

// Facts returns what every decision about a sign-in looks at beside the account, in one statement: there are several in
// each sign-in.
func (tx *Tx) Facts(ctx context.Context) (sallyport.Facts, error) {
	f := sallyport.Facts{Settings: defaultSettings}
	err := tx.each(ctx, `SELECT 'now', '', CAST(now_us() AS TEXT) UNION ALL SELECT 'setting', name, value FROM setting
		UNION ALL SELECT 'channel', channel, '' FROM gateway WHERE slot = 'live' AND proved_at <> 0`, nil, func(r row) error {
		var kind, name, value string
		if err := r.Scan(&kind, &name, &value); err != nil {
			return err
		}
		switch kind {
		case "now":
			us, err := strconv.ParseInt(value, 10, 64)
			f.Now = moment(us)
			return err
		case "channel":
			f.Proved = append(f.Proved, sallyport.Channel(name))
			return nil
		}
		return stored(&f.Settings, name, value)
	})
	return f, err
}

var defaultSettings = sallyport.DefaultSettings()

// PutSettings stores all settings, Invalid where one is out of its range.
func (tx *Tx) PutSettings(ctx context.Context, s sallyport.Settings) error {
	for _, key := range sallyport.SettingKeys {
		if err := key.Set(new(sallyport.Settings), key.Get(s)); err != nil {
			return err
		}
		_, err := tx.exec(ctx, `INSERT INTO setting (name, value) VALUES ($1, $2)
			ON CONFLICT (name) DO UPDATE SET value = excluded.value`, args{key.Name, key.Get(s)})
		if err != nil {
			return err
		}
	}
	tx.change.Policy = &s
	return nil
}

// Meta returns a stored value of the installation, nil where there is none.
func (tx *Tx) Meta(ctx context.Context, key string) ([]byte, error) {
	var value []byte
	found, err := tx.one(ctx, `SELECT value FROM meta WHERE name = $1`, args{key}, &value)
	if err == nil && found && value == nil {
		value = []byte{}
	}
	return value, err
}

// PutMeta stores a value of the installation.
func (tx *Tx) PutMeta(ctx context.Context, key string, value []byte) error {
	_, err := tx.exec(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value`,
		args{key, value})
	return err
}

// IsEmpty reports whether no technician was ever stored: only then the first Super Admin's set-up may be opened.
func (tx *Tx) IsEmpty(ctx context.Context) (bool, error) {
	over, err := tx.one(ctx, `SELECT 1 FROM meta WHERE name = $1`, args{setUpOver}, new(int))
	return err == nil && !over, err
}
