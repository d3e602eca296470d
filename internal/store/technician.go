package store

import (
	"context"
	"strings"

	"sallyport"
)

const technicianColumns = `t.id, t.first_name, t.last_name, t.user_name, t.user_name_key, t.skeleton, t.email, t.phone, t.role,
	t.status, t.method, t.generation, t.version, t.password, t.password_at, t.setup_until, t.factor_disabled, t.wrong_run,
	t.recovery_run, t.wait_until, t.email_changed_at, t.email_changed_by, t.created_at, t.last_sign_in_at, t.enrolment_needed`

func technicianDest(t *sallyport.Technician) []any {
	return []any{&t.ID, &t.FirstName, &t.LastName, &t.UserName, &t.UserNameKey, &t.Skeleton, &t.Email, &t.Phone, &t.Role,
		&t.Status, &t.Method, &t.Generation, &t.Version, &t.Password, stamp{&t.PasswordAt}, stamp{&t.SetupUntil},
		&t.FactorDisabled, &t.WrongRun, &t.RecoveryRun, stamp{&t.WaitUntil}, stamp{&t.EmailChangedAt}, &t.EmailChangedBy,
		stamp{&t.CreatedAt}, stamp{&t.LastSignInAt}, &t.EnrolmentNeeded}
}

func scanTechnician(r row) (sallyport.Technician, error) {
	var t sallyport.Technician
	err := r.Scan(technicianDest(&t)...)
	return t, err
}

var (
	errNameTaken = sallyport.E(sallyport.Conflict, "user_name_taken", "Another technician has this user name.")
	errLookAlike = sallyport.E(sallyport.Conflict, "user_name_look_alike", "This user name looks like another technician's.")
)

// setUpOver is the meta name that says that the first technician was stored: set-up never opens again.
const setUpOver = "set-up-over"

// InsertTechnician stores a new technician. A taken user name is a Conflict "user_name_taken"; one that can be mistaken
// for another's, where either has a letter outside ASCII, is a Conflict "user_name_look_alike".
func (tx *Tx) InsertTechnician(ctx context.Context, t sallyport.Technician) error {
	if err := tx.nameFree(ctx, t); err != nil {
		return err
	}
	if err := tx.must(ctx, errNameTaken, insertTechnician.one, technicianRow(t)); err != nil {
		return err
	}
	return tx.noteSetUp(ctx)
}

var insertTechnician = inserting(`INSERT INTO technician (id, first_name, last_name, user_name, user_name_key, skeleton, email,
			phone, role, status, method, generation, version, password, password_at, setup_until, factor_disabled, wrong_run,
			recovery_run, wait_until, email_changed_at, email_changed_by, created_at, last_sign_in_at,
			plain_name, email_key, name_key, search, enrolment_needed)
		VALUES `, `($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
			$25, $26, $27, $28, $29)`, `
		ON CONFLICT DO NOTHING`)

func technicianRow(t sallyport.Technician) args {
	return args{t.ID, t.FirstName, t.LastName, t.UserName, t.UserNameKey, t.Skeleton, t.Email, t.Phone, t.Role, t.Status, t.Method,
		t.Generation, t.Version, t.Password, t.PasswordAt, t.SetupUntil, t.FactorDisabled, t.WrongRun, t.RecoveryRun,
		t.WaitUntil, t.EmailChangedAt, t.EmailChangedBy, t.CreatedAt, t.LastSignInAt,
		plain(t.UserNameKey), fold(t.Email), fold(t.Name()), technicianSearch(t), t.EnrolmentNeeded}
}

// noteSetUp notes that there is somebody.
func (tx *Tx) noteSetUp(ctx context.Context) error {
	_, err := tx.exec(ctx, `INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING`, args{setUpOver, []byte{1}})
	return err
}

func technicianSearch(t sallyport.Technician) string {
	return foldText(t.Name(), t.UserName, t.UserNameKey, t.Email)
}

// plain reports whether the key of a user name is ASCII alone.
func plain(key string) bool {
	return strings.IndexFunc(key, func(r rune) bool { return r >= 0x80 }) < 0
}

func (tx *Tx) nameFree(ctx context.Context, t sallyport.Technician) error {
	var taken, like bool
	err := tx.Together(ctx,
		func() (err error) {
			taken, err = tx.one(ctx, `SELECT 1 FROM technician WHERE user_name_key = $1 AND id <> $2`, args{t.UserNameKey, t.ID}, new(int))
			return err
		},
		func() (err error) {
			if t.Skeleton != "" {
				like, err = tx.one(ctx, `SELECT 1 FROM technician WHERE skeleton = $1 AND id <> $2 AND (NOT plain_name OR NOT $3)`,
					args{t.Skeleton, t.ID, plain(t.UserNameKey)}, new(int))
			}
			return err
		})
	switch {
	case err != nil:
		return err
	case taken:
		return errNameTaken
	case like:
		return errLookAlike
	}
	return nil
}

// Technician returns the one named id, ErrNotFound where there is none.
func (tx *Tx) Technician(ctx context.Context, id sallyport.TechnicianID) (sallyport.Technician, error) {
	return tx.technicianWhere(ctx, `t.id = $1`, args{id})
}

// TechnicianByKey returns the one whose user name compares as key, ErrNotFound where there is none.
func (tx *Tx) TechnicianByKey(ctx context.Context, key string) (sallyport.Technician, error) {
	return tx.technicianWhere(ctx, `t.user_name_key = $1`, args{key})
}

// TechnicianBySkeleton returns one whose user name looks like that, ErrNotFound where there is none.
func (tx *Tx) TechnicianBySkeleton(ctx context.Context, skeleton string) (sallyport.Technician, error) {
	return tx.technicianWhere(ctx, `t.skeleton = $1 ORDER BY t.plain_name, t.id LIMIT 1`, args{skeleton})
}

func (tx *Tx) technicianWhere(ctx context.Context, where string, a args) (sallyport.Technician, error) {
	t, found, err := first(ctx, tx, scanTechnician, `SELECT `+technicianColumns+` FROM technician t WHERE `+where, a)
	if err == nil && !found {
		err = sallyport.ErrNotFound
	}
	return t, err
}

// TechniciansByEmail returns everybody with that address, whatever its case, in the order of their names.
func (tx *Tx) TechniciansByEmail(ctx context.Context, email string) ([]sallyport.Technician, error) {
	return tx.techniciansWhere(ctx, `t.email_key = $1`, args{fold(email)})
}

// TechniciansByRole returns everybody with that role, in the order of their names.
func (tx *Tx) TechniciansByRole(ctx context.Context, role sallyport.RoleID) ([]sallyport.Technician, error) {
	return tx.techniciansWhere(ctx, `t.role = $1`, args{role})
}

// TechniciansNeeding returns the first of those who have this method or hold a factor of its kind, in the order of their
// names, at most so many, and how many they are in all.
func (tx *Tx) TechniciansNeeding(ctx context.Context, method sallyport.Method, most int) (first []sallyport.Technician, total int, err error) {
	// One list, which PostgreSQL joins with: beside an OR, one that is too long for work_mem is read anew for each technician.
	const need = `(SELECT id FROM technician WHERE method = $1 UNION SELECT technician FROM factor WHERE kind = $1)`
	if _, err = tx.one(ctx, `SELECT count(*) FROM `+need+` AS need`, args{method}, &total); err != nil || total == 0 {
		return nil, total, err
	}
	first, err = all(ctx, tx, scanTechnician, `SELECT `+technicianColumns+` FROM technician t WHERE t.id IN `+need+
		` ORDER BY t.name_key, t.id LIMIT $2`, args{method, most})
	return first, total, err
}

func (tx *Tx) techniciansWhere(ctx context.Context, where string, a args) ([]sallyport.Technician, error) {
	return all(ctx, tx, scanTechnician,
		`SELECT `+technicianColumns+` FROM technician t WHERE `+where+` ORDER BY t.name_key, t.id`, a)
}

// UpdateTechnician stores the fields that administrators change: names, user name, email, phone, role, status, method,
// the set-up's end and who changed the email. ErrStale when t.Version is not the newest; the version then rises by 1.
func (tx *Tx) UpdateTechnician(ctx context.Context, t sallyport.Technician) error {
	if err := tx.nameFree(ctx, t); err != nil {
		return err
	}
	err := tx.must(ctx, sallyport.ErrStale, `UPDATE technician SET first_name = $3, last_name = $4, user_name = $5, user_name_key = $6,
			skeleton = $7, email = $8, phone = $9, role = $10, status = $11, method = $12, setup_until = $13,
			email_changed_at = $14, email_changed_by = $15, plain_name = $16, email_key = $17, name_key = $18, search = $19,
			version = version + 1
		WHERE id = $1 AND version = $2`,
		args{t.ID, t.Version, t.FirstName, t.LastName, t.UserName, t.UserNameKey, t.Skeleton, t.Email, t.Phone, t.Role, t.Status,
			t.Method, t.SetupUntil, t.EmailChangedAt, t.EmailChangedBy,
			plain(t.UserNameKey), fold(t.Email), fold(t.Name()), technicianSearch(t)})
	if err == nil && t.Status == sallyport.Deactivated {
		tx.change.Gone = append(tx.change.Gone, t.ID)
	}
	return err
}

// SetPassword stores a sealed password, ErrConflict when gen is no longer the technician's generation.
func (tx *Tx) SetPassword(ctx context.Context, id sallyport.TechnicianID, gen sallyport.Generation, sealed []byte) error {
	return tx.must(ctx, sallyport.ErrConflict, `UPDATE technician SET password = $3, password_at = now_us()
		WHERE id = $1 AND generation = $2`, args{id, gen, sealed})
}

// Passwords returns the sealed passwords of up to n technicians whose id is greater than after, in the order of the
// ids, with nothing beside them. Who has none is left out.
func (tx *Tx) Passwords(ctx context.Context, after sallyport.TechnicianID, n int) ([]sallyport.Technician, error) {
	return all(ctx, tx, func(r row) (t sallyport.Technician, err error) {
		err = r.Scan(&t.ID, &t.Password)
		return t, err
	}, `SELECT id, password FROM technician WHERE id > $1 AND length(password) > 0 ORDER BY id LIMIT $2`, args{after, n})
}

// Activate makes an invited technician active, ErrConflict when he is not invited or gen is not his generation.
func (tx *Tx) Activate(ctx context.Context, id sallyport.TechnicianID, gen sallyport.Generation) error {
	return tx.must(ctx, sallyport.ErrConflict, `UPDATE technician SET status = 'active'
		WHERE id = $1 AND generation = $2 AND status = 'invited'`, args{id, gen})
}

// DeleteTechnician deletes a technician with everything of his but audit events, ErrNotFound where there is none.
func (tx *Tx) DeleteTechnician(ctx context.Context, id sallyport.TechnicianID) error {
	if _, err := tx.endWhere(ctx, sallyport.EndedByDeletion, `technician = $1`, args{id}); err != nil {
		return err
	}
	err := tx.must(ctx, sallyport.ErrNotFound, `DELETE FROM technician WHERE id = $1`, args{id})
	if err == nil {
		tx.change.Gone = append(tx.change.Gone, id)
	}
	return err
}
