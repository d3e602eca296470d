package storetest

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"sallyport"
	"sallyport/internal/store"
)

// Everything calls each method of a transaction once with zero arguments, on an empty database: whatever they answer,
// no statement may be refused by the engine. New methods are called without being named here.
func Everything(t *testing.T, db *store.DB) {
	tx := reflect.TypeFor[*store.Tx]()
	for i := range tx.NumMethod() {
		m := tx.Method(i)
		t.Run(m.Name, func(t *testing.T) {
			err := db.Write(context.Background(), func(tx *store.Tx) error { return callZero(tx, m) })
			if sallyport.KindOf(err) == sallyport.Internal && err != nil && !constraint(err) {
				t.Fatal(err)
			}
		})
	}
}

// constraint reports whether the engine understood the statement but the zero row breaks a rule of the schema.
func constraint(err error) bool {
	var coded interface{ Code() int } // SQLite's
	var state interface{ SQLState() string }
	return errors.As(err, &coded) && coded.Code()&0xff == 19 || errors.As(err, &state) && strings.HasPrefix(state.SQLState(), "23")
}

func callZero(tx *store.Tx, m reflect.Method) error {
	in := []reflect.Value{reflect.ValueOf(tx)}
	for i := 1; i < m.Type.NumIn(); i++ {
		in = append(in, reflect.Zero(m.Type.In(i)))
		if m.Type.In(i) == reflect.TypeFor[context.Context]() {
			in[i] = reflect.ValueOf(context.Background())
		}
	}
	call := m.Func.Call
	if m.Type.IsVariadic() {
		call = m.Func.CallSlice
	}
	for _, out := range call(in) {
		if err, failed := out.Interface().(error); failed {
			return err
		}
	}
	return nil
}
