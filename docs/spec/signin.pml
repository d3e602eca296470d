/*
 * Sign-in and Save, small enough to be read: one technician, two sign-ins of his, clients that answer in either of them
 * at any moment, administrators who save, and session checks. README.md says which code each part stands for.
 *
 *   ENGINE    1  SQLite: one writer at a time; checks from the memory of the one process
 *             2  PostgreSQL, read committed: transactions interleave statement by statement; checks on two nodes, and
 *                checks that arrive together share a query
 *   MUTATION  0  the product; every other number is one mistake, which the model checker must find
 *
 * A transaction is begin(), statements, COMMIT, end(). Nobody sees what it writes before COMMIT. A row that it changes is
 * locked until end(); a statement that waits for a row looks at its condition again afterwards, or fails in its stead.
 */
#ifndef ENGINE
#define ENGINE 1
#endif
#ifndef MUTATION
#define MUTATION 0
#endif
#ifndef CLIENTS
#define CLIENTS 2  /* browsers that answer at once; each knows the password */
#endif
#ifndef ACTS
#define ACTS 2     /* what a client does at most */
#endif
#ifndef ADMINS
#define ADMINS 1   /* administrators, one act each */
#endif
#ifndef CHECKS
#define CHECKS 1   /* requests with a session, one each */
#endif
#define TRIES 2    /* comparisons with one sent code; the product has 3 */
#define RUN 3      /* answers in a row without a success; the product has 100 */
#define OLD 2      /* the session that is there from the beginning; 0 and 1 come from the sign-ins of these numbers */
#define FREE 255   /* nobody holds the lock */
#define MUTATED(n) (MUTATION == n)

mtype = { none, app, email };                        /* methods; what is held */
mtype = { refused, factor, opener, enrol };          /* steps of login.Next */
mtype = { method, deactivate, signOut, endOne };     /* acts of an administrator, and the owner's own end of one session */

/* ---- the database, as it is committed ---- */
byte gen = 1, version = 1, wrongRun = 0, lastStep = 0;
bool isActive = true;
mtype chosen, held;                                  /* technician.method, factor.kind */
typedef SignIn { bool live = true; byte gen = 1; bool opened; byte code = 1; byte tries; bool dead };
SignIn signIn[2];                                    /* in both, the password was given */
bool live[3] = { false, false, true };               /* sessions */
byte bornIn[3] = { 0, 0, 1 };                            /* their generation */
byte technicianRow = FREE, factorRow = FREE, writer = FREE, codeRow[2] = FREE;   /* locks */
byte clock = 1;                                                                  /* the TOTP step of this moment */

/* ---- the process's memory (ENGINE 1); each node's shared query (ENGINE 2) ---- */
bool known[3]; byte knownIn[3];                       /* sessions, and their generation */
byte memoryGen = 1, epoch = 0;
mtype = { idle, gathering, sent };
typedef Query { mtype state = idle; byte key; byte waiting; bool yes };
Query query[2];

/* ---- what happened; only the invariants look at it ---- */
byte counted[8], compared[8], codeUses[8];   /* of each sent code: sign-in * 4 + number */
byte stepUses[4];                            /* successes of one TOTP step */
bool proved[2];                              /* what was required was given in this sign-in */
bool born[2];                                /* this sign-in has had its session */
byte era = 1;                                /* rises with every Save, whatever a mistake does to the generation */
byte began[2] = 1, since[3] = 1;             /* the era in which a sign-in began, and which a session belongs to */
byte floor = 1;                              /* nothing of an era before this one lets a request in that begins now */
bool over[3];                                /* the end of this session has been answered */

inline step(i, s) {
    if
    :: !signIn[i].live || signIn[i].gen != gen || !isActive -> s = refused
    :: else ->
        if
        :: held == chosen                                             -> s = factor
        :: held != chosen && held != none && !signIn[i].opened        -> s = opener
        :: held != chosen && (held == none || signIn[i].opened)       -> s = enrol
        fi
    fi
}
inline begin() {  /* BEGIN IMMEDIATE; PostgreSQL has no lock like it */
    if :: ENGINE == 1 -> atomic { writer == FREE -> writer = _pid } :: ENGINE == 2 fi
}
inline end() {    /* the end of COMMIT or ROLLBACK */
    d_step {
        if :: technicianRow == _pid -> technicianRow = FREE :: else fi;
        if :: factorRow == _pid -> factorRow = FREE :: else fi;
        if :: codeRow[0] == _pid -> codeRow[0] = FREE :: else fi;
        if :: codeRow[1] == _pid -> codeRow[1] = FREE :: else fi;
        if :: writer == _pid -> writer = FREE :: else fi
    }
}
inline update(row, condition) {  /* UPDATE … WHERE condition, which must find its row */
    if
    :: atomic { row == FREE || row == _pid -> if :: condition -> row = _pid :: else -> goto rollback fi }
    :: row != FREE && row != _pid -> goto rollback   /* a deadlock or a time limit */
    fi
}
inline look() {   /* DELETE FROM session: those that are committed when the statement begins */
    d_step { seen[0] = live[0]; seen[1] = live[1]; seen[2] = live[2] }
}
inline raise() {  /* Tx.Raise; within COMMIT */
    era++;
    gen = gen + (MUTATED(1) -> 0 : 1);
    if :: seen[0] -> live[0] = false :: else fi;
    if :: seen[1] -> live[1] = false :: else fi;
    if :: seen[2] -> live[2] = false :: else fi;
    if :: !MUTATED(1) -> signIn[0].live = false; signIn[1].live = false :: else fi
}
inline forgetOlder(k) {
    if :: known[k] && (!live[k] || knownIn[k] < memoryGen) -> known[k] = false :: else fi
}
inline tell() {   /* Memory.Committed: after COMMIT, before the writer goes on and before anybody is answered */
    d_step {
        if :: ENGINE == 1 -> epoch++; memoryGen = gen; forgetOlder(0); forgetOlder(1); forgetOlder(2) :: ENGINE == 2 fi
    }
}
inline answered() { d_step { if :: made > floor -> floor = made :: else fi } }

/* ---- a browser: begins, asks for a code, answers ---- */
proctype Client() {
    byte acts = 0, i, g, nr, at, low, made; mtype s, now, what; bool seen[3];
again:
    atomic {
        i = 0; g = 0; nr = 0; at = 0; low = 0; made = 0; s = none; now = none; what = none;
        seen[0] = false; seen[1] = false; seen[2] = false;
        if :: acts < ACTS -> acts++ :: goto done fi;
        if :: i = 0 :: i = 1 fi;
        if
        :: !signIn[i].live && !born[i] && signIn[i].code < 3 -> goto password
        :: signIn[i].live && signIn[i].code < 3 -> goto send
        :: signIn[i].live -> goto answer
        :: else -> goto done
        fi
    };

password:         /* Service.Password: read, compare the hash, store the sign-in under what was read */
    if :: atomic { isActive -> g = gen; low = era } :: !isActive -> goto again fi;
    begin();
    d_step {
        if
        :: gen == g && isActive && !signIn[i].live && !born[i] && signIn[i].code < 3 ->
            signIn[i].live = true; signIn[i].gen = g; began[i] = low; signIn[i].opened = false; signIn[i].code++; signIn[i].tries = 0; signIn[i].dead = false
        :: else
        fi
    };
    end(); goto again;

send:             /* Service.send: a new code; the one before is dead */
    begin();
    atomic { step(i, s); what = (s == opener -> held : chosen) };
    if :: s != refused && what == email :: else -> goto rollback fi;
    update(codeRow[i], true);
    d_step {
        if
        :: signIn[i].code < 3 -> signIn[i].code++; signIn[i].dead = false; signIn[i].tries = 0
        :: else
        fi
    };
    end(); goto again;

answer:           /* Service.count: a transaction of its own, before anything is compared */
    begin();
    atomic { step(i, s); g = gen; nr = signIn[i].code; low = lastStep; what = (s == opener -> held : chosen) };
    if :: s != refused :: else -> goto rollback fi;
#if MUTATION == 3
    end(); goto compare;                                  /* compares first and counts later */
#endif
    if
    :: s == enrol && what == app                          /* the secret is on the page: nothing to guess */
    :: else ->
        update(technicianRow, gen == g && wrongRun < RUN);
        if
        :: what == app
        :: what == email ->
#if MUTATION == 4
            atomic { if :: signIn[i].tries < TRIES && !signIn[i].dead -> at = signIn[i].tries :: else -> goto rollback fi };
            end(); begin(); signIn[i].tries = at;         /* looks, and writes what it saw plus one */
#else
            update(codeRow[i], nr > 0 && signIn[i].code == nr && signIn[i].tries < TRIES && !signIn[i].dead)
#endif
        fi;
        d_step { wrongRun++; if :: what == email -> signIn[i].tries++; counted[i * 4 + nr]++ :: else fi }
    fi;
    end();

compare:          /* Service.compare, outside any transaction; a guess may be right */
    atomic {
        if :: what == app -> at = clock :: else -> compared[i * 4 + nr]++ fi;
        assert(what == app || (compared[i * 4 + nr] <= counted[i * 4 + nr] && compared[i * 4 + nr] <= TRIES));   /* I1 */
        assert(wrongRun <= RUN);                                                                                 /* I1 */
        if :: what == app && s != enrol && at <= low -> goto again :: else fi;   /* a used step is a wrong answer */
        if :: goto again :: skip fi                                              /* wrong, or right */
    };
    /* Service.consume: one transaction */
    begin();
    atomic { step(i, now); g = signIn[i].gen };           /* no other sign-in of this place has that generation */
    if :: now == s :: now != s -> goto rollback fi;
    if                                                    /* useUp: the technician's row first, as all acts take it */
    :: what == app && s == enrol                          /* nothing was counted; retire takes it below */
    :: else -> update(technicianRow, true)
    fi;
    if
    :: what == email ->
#if MUTATION != 5
        update(codeRow[i], (signIn[i].code == nr && !signIn[i].dead) || MUTATED(2))
#endif
    :: what == app && s != enrol ->
#if MUTATION != 6
        update(factorRow, lastStep < at)
#endif
    :: what == app && s == enrol
    fi;
#if MUTATION == 7
    if :: s == opener -> goto create :: else fi;          /* the old factor counts as the new one */
#endif
    if
    :: s == opener ->                                     /* RotateSignIn, UpdateSignIn: where it is live */
        update(technicianRow, signIn[i].live && signIn[i].gen == g && gen == g);
        d_step { wrongRun = 0; signIn[i].opened = true; signIn[i].dead = true; if :: what == app -> lastStep = at; stepUses[at]++ :: else -> codeUses[i * 4 + nr]++ fi };
        goto used
    :: s == factor -> goto create
    :: s == enrol ->                                      /* retire, PutFactor, DeleteSignIn, Raise, CreateSession */
        update(technicianRow, MUTATED(8) || (signIn[i].live && signIn[i].gen == g));
        look();
        d_step {
            assert(signIn[i].opened || held == none);     /* I4: the old factor opened the door */
            held = what; lastStep = (what == app -> at : 0); wrongRun = 0; proved[i] = true;
            raise(); signIn[i].dead = true; live[i] = true; bornIn[i] = gen; born[i] = true; since[i] = era; made = era;
            if :: what == app -> stepUses[at]++ :: else -> codeUses[i * 4 + nr]++ fi
        };
        goto stored
    fi;
create:           /* finish: DeleteSignIn, then CreateSession, which takes the technician's row first */
    skip;
#if MUTATION != 9
    update(technicianRow, (MUTATED(8) || signIn[i].live) && signIn[i].gen == g && gen == g && isActive);
#endif
    d_step {
        assert(g == gen);                                 /* I3: no session of an older generation is stored */
        if :: s == factor -> proved[i] = true :: else fi;
        if :: what == app -> lastStep = at; stepUses[at]++ :: else -> codeUses[i * 4 + nr]++; signIn[i].dead = true fi;
        wrongRun = 0; signIn[i].live = false; live[i] = true; bornIn[i] = g; born[i] = true; since[i] = began[i]
    };
stored:
    assert(proved[i]);                                                              /* I4 */
    tell();
    d_step { if :: ENGINE == 1 && bornIn[i] == gen -> known[i] = true; knownIn[i] = bornIn[i] :: else fi };
used:
    assert(what == app || signIn[i].code == nr);                                   /* I2: the newest only */
    assert(codeUses[i * 4 + nr] <= 1 && stepUses[1] <= 1 && stepUses[2] <= 1);      /* I2 */
    end(); answered(); goto again;
rollback:
    end(); goto again;
done:
}

/* ---- an administrator saves ---- */
proctype Admin() {
    byte v, made = 0; mtype act; bool seen[3];
    atomic {
        if :: act = method :: act = deactivate :: act = signOut :: act = endOne fi;
        v = version                                       /* the form was opened */
    };
    begin();
    if
    :: act == endOne -> goto one
    :: act == method -> update(technicianRow, version == v || MUTATED(10))
    :: else -> update(technicianRow, true)
    fi;
    look();
    if :: skip :: ENGINE == 1 -> goto unknown fi;         /* COMMIT may fail so that nobody knows what it did */
    d_step {
        if
        :: act == method -> assert(version == v); version++; chosen = (chosen == email -> app : email)   /* nothing is lost */
        :: act == deactivate -> isActive = false
        :: else
        fi;
        raise(); made = era
    };
#if MUTATION != 11
    tell();
#endif
    end(); answered();
#if MUTATION == 11
    tell();                                               /* answers before the memory knows */
#endif
    goto done;
one:              /* one session ends; the generation stays */
    live[OLD] = false;
    tell(); end(); over[OLD] = true; goto done;
unknown:
    atomic { if :: raise(); made = era :: made = era fi };
#if MUTATION != 12
    d_step { epoch++; known[0] = false; known[1] = false; known[2] = false };   /* Memory.Forget */
#endif
    end(); answered(); goto done;
rollback:
    end();
done:
}

/* ---- a request with a session: is it let in? ---- */
inline read() { yes = live[t] && bornIn[t] == gen && isActive; b = bornIn[t] }

proctype Check() {
    byte t, n, low, e, b; bool yes, gone;
    if :: t = 0 :: t = 1 :: t = OLD fi;
    d_step { low = floor; gone = over[t] };               /* the request begins */
    if
    :: ENGINE == 1 ->                                     /* Memory.Check, Memory.fill */
        if
        :: atomic { known[t] -> yes = knownIn[t] == memoryGen }
        :: atomic { !known[t] -> e = epoch };
           d_step { read() };
           d_step { if :: yes && (epoch == e || MUTATED(13)) -> known[t] = true; knownIn[t] = b :: else fi }
        fi
    :: ENGINE == 2 ->                                     /* a query that was not yet sent may be joined */
        if :: n = 0 :: CHECKS > 1 -> n = 1 fi;
        if
        :: atomic { query[n].key == t && (query[n].state == gathering || (MUTATED(14) && query[n].state == sent)) -> query[n].waiting++ };
           atomic { query[n].state == idle -> yes = query[n].yes; query[n].waiting-- }
        :: atomic { query[n].state == idle && query[n].waiting == 0 -> query[n].state = gathering; query[n].key = t };
           query[n].state = sent;
           d_step { read(); query[n].yes = yes };   /* the database answers */
           atomic { query[n].state = idle; yes = query[n].yes }
        :: d_step { read() }
        fi
    fi;
    assert(!yes || (since[t] >= low && !gone));                  /* I3, I5 */
}

proctype Clock() { clock = 2 }

init {            /* any method, anything held; then everybody at once */
    atomic {
        byte p;
        if :: chosen = email :: chosen = app fi;
        if :: held = none :: held = email :: held = app fi;
        p = 0; do :: p < CLIENTS -> run Client(); p++ :: else -> break od;
        p = 0; do :: p < ADMINS -> run Admin(); p++ :: else -> break od;
        p = 0; do :: p < CHECKS -> run Check(); p++ :: else -> break od;
        run Clock()
    }
}
