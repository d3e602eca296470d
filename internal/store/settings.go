package store

import (
	"context"
	"fmt"

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
		key, ok := sallyport.SettingByName(name)
		if !ok {
			return nil
		}
		if err := key.Set(&s, value); err != nil {
			return fmt.Errorf("store: the stored setting %s: %v", name, err)
		}
		return nil
	})
	return s, err
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
