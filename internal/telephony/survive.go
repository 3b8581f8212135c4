package telephony

import (
	"runtime/debug"

	"github.com/emiago/sipgo/sip"

	"nacre/internal/call"
)

// spawn does work of a call in a goroutine of its own. A panic in it ends the call of that dialog, and no other; d is nil where
// there is none to end.
func (e *Endpoint) spawn(what string, d *dialog, work func()) {
	go func() {
		defer e.survive(what, d)
		work()
	}()
}

// survive is deferred where nothing of ours is further up: a panic would end the process with all its calls.
func (e *Endpoint) survive(what string, d *dialog) {
	if reason := recover(); reason != nil {
		e.log.Error("work of a call panicked", "work", what, "panic", reason, "stack", string(debug.Stack()))
		e.endBroken(d, reason)
	}
}

// surviveRequest is survive for a request from outside: it is answered with 500, and its call ends.
func (e *Endpoint) surviveRequest(request *sip.Request, tx *sip.ServerTx) {
	reason := recover()
	if reason == nil {
		return
	}
	e.log.Error("work of a call panicked", "work", request.Method, "panic", reason, "stack", string(debug.Stack()))
	if callID := request.CallID(); callID != nil {
		for _, d := range e.dialogsOf(callID.Value()) {
			e.endBroken(d, reason)
		}
	}
	if request.IsAck() {
		tx.Terminate()
		return
	}
	defer e.survive("500", nil)
	e.reply(tx, request, sip.StatusInternalServerError, reasons[sip.StatusInternalServerError]) // without effect after a final response
}

func (e *Endpoint) dialogsOf(callID string) (found []*dialog) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for key, d := range e.dialogs {
		if key.callID == callID {
			found = append(found, d)
		}
	}
	return found
}

// endBroken ends the call of a dialog by BYE. Whoever serves it is told the reason by the same panic.
func (e *Endpoint) endBroken(d *dialog, reason any) {
	if d == nil || !d.confirmed() {
		return // of a call that only rings, the transaction goes on
	}
	defer e.survive("ending a call", nil)
	d.mu.Lock()
	if d.panicked == nil {
		d.panicked = reason
	}
	d.mu.Unlock()
	d.finish(call.SignallingLost)
}
