package engine_test

import (
	"testing"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/engine"
)

// To whom a person may be put through follows from the account's rules for dialling, as they are now; that it came about is on the
// call, which is judged like any other.
func TestTransfer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, openSQLite(t))
	w.add(phoneA)
	begun := w.talk()
	may := func(number string, want bool) {
		t.Helper()
		if err := w.e.MayTransfer(w.ctx, begun.Call, number); (err == nil) != want {
			t.Errorf("%s: %v", number, err)
		}
	}
	may("+12125550199", true)
	may("+12", false)
	w.changeAccount(func(a *account.Account) { a.CountryCodes = []string{"39"} })
	may("+12125550199", false)
	may("+393331234567", true)
	w.changeAccount(func(a *account.Account) { a.Standing = account.Suspended })
	may("+393331234567", false)
	w.finishWith(begun, engine.Ending{Outcome: call.NotSuccess, Ended: w.clock.Now(), Transferred: true})
	if c := w.call(begun.Call.ID); !c.Transferred || c.Conversation != 110 {
		t.Errorf("%+v", c)
	}
}
