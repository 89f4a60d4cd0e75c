package planner

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/mxmove/mxmove/config"
)

// veil says what a field's strings are.
type veil int

const (
	plainWord  veil = iota // stays
	loginWord              // an address, login or account
	nameWord               // a person's or a folder's name
	textWords              // a text that may hold any of them
	digestWord             // a hash of what is masked
	lineWord               // a lineage, as long as one
	stepWord               // a StepID as the spec writes it
	ownersWord             // of a map: keys stay, values are logins
)

// veils names the fields that are masked, by type; strings of all others stay.
// TestEveryFieldIsVeiledOrPlain knows them all. A map's keys and values are
// both of the field's kind.
var veils = map[string]veil{
	"planner.Snapshot.Lineage": lineWord,
	"planner.Tenant.Creator":   loginWord, "planner.Tenant.Directory": digestWord,
	"planner.Member.Account": loginWord, "planner.Member.Name": nameWord, "planner.Member.Address": loginWord, "planner.Member.Aliases": loginWord, "planner.Member.Suggested": loginWord,
	"planner.Mailbox.Address": loginWord, "config.Mailbox.Address": loginWord, "config.Mailbox.Name": nameWord, "config.Mailbox.SourceLogin": loginWord, "config.Mailbox.TargetAddress": loginWord,
	"config.Mailbox.TargetLogin": loginWord, "config.Mailbox.Account": loginWord, "config.Mailbox.Was": loginWord,
	"planner.Store.Login": loginWord, "planner.Store.Mark": digestWord,
	"planner.Record.Before": textWords, "planner.Record.After": textWords,
	"text.Msg.Args": textWords, "config.Finding.Subject": textWords,
	"planner.Fact.Who": loginWord, "planner.Fact.Evidence": textWords,
	"planner.Customers.Relations": loginWord, "planner.Customers.Contacts": loginWord, "planner.Customers.Unassigned": loginWord, "config.Customers.Accounts": loginWord,
	"planner.Customers.JoinCodes": ownersWord,

	"config.Side.Creator": loginWord, "config.Login.User": loginWord, "config.Login.Command": textWords,
	"config.Roster.Skip": loginWord, "config.Shared.Address": loginWord, "config.Shared.Name": nameWord, "config.Shared.Users": loginWord,
	"config.Group.Address": loginWord, "config.Group.Name": nameWord, "config.Group.Members": loginWord,
	"config.Leaver.Address": loginWord, "config.Leaver.To": loginWord,
	"config.History.Skip": nameWord, "config.History.Map": nameWord,
	"config.Canary.From": loginWord, "config.Canary.To": loginWord, "config.Service.User": loginWord,
	"config.Accept.Mailboxes": loginWord, "config.Cutover.Signers": digestWord, "config.Acknowledge.Subject": textWords, "config.Acknowledge.Because": textWords,
	"config.Acknowledge.Administrator": nameWord, "config.Again.Because": textWords, "config.Again.Step": stepWord,

	"planner.CopyMailbox.Address": loginWord, "planner.DropMailbox.Address": loginWord, "planner.ArchiveMailbox.Address": loginWord, "planner.RemovePlaced.Address": loginWord,
	"planner.ArchiveMailbox.Path": textWords, "planner.CopyMailbox.Folder": loginWord, "planner.TryAppend.Addresses": loginWord, "planner.WizardCopy.Addresses": loginWord, "planner.FinishWizard.Abandons": loginWord,
	"planner.MergeTenants.Creator": loginWord, "planner.MoveCustomers.Accounts": loginWord, "planner.UpgradeTenant.Administrator": nameWord,
	"planner.ProbeMX.Addresses": loginWord, "planner.Canary.To": loginWord, "planner.CanaryOut.From": loginWord, "planner.CanaryOut.To": loginWord,
	"planner.CanaryArrival.From": loginWord, "planner.CanaryArrival.To": loginWord, "planner.SetOption.Account": loginWord, "planner.SetEnabled.Account": loginWord,
	"planner.SetSeat.Account": loginWord, "planner.Notify.To": loginWord, "planner.Task.Args": textWords,
	"planner.PutMember.Account": loginWord, "planner.PutMember.Address": loginWord, "planner.PutMember.Was": loginWord, "planner.PutMember.Name": nameWord, "planner.PutMember.Aliases": loginWord,
	"planner.PutShared.Address": loginWord, "planner.PutShared.Name": nameWord, "planner.PutShared.Users": loginWord,
	"planner.Undo.Wrote":       loginWord,
	"planner.PutGroup.Address": loginWord, "planner.PutGroup.Name": nameWord, "planner.PutGroup.Members": loginWord,
}

var (
	timeType     = reflect.TypeFor[time.Time]()
	secretType   = reflect.TypeFor[config.Secret]()
	stepType     = reflect.TypeFor[StepID]()
	endpointType = reflect.TypeFor[Endpoint]()
	restoreType  = reflect.TypeFor[Restore]()
	recordType   = reflect.TypeFor[Record]()
)

// maskOf is a copy of a value, masked.
func maskOf[T any](m *mask, v T) T {
	return m.walk(reflect.ValueOf(&v).Elem(), plainWord, m.word).Interface().(T)
}

// learn keeps what a value holds, for texts.
func (m *mask) learn(v any) { m.unread = append(m.unread, v) }

// readAll learns what is to be learned.
func (m *mask) readAll() {
	unread := m.unread
	m.unread, m.learning = nil, true
	for _, v := range unread {
		m.walk(reflect.ValueOf(v), plainWord, func(s string, is veil) string {
			switch is {
			case loginWord:
				m.knowLogin(s)
			case nameWord:
				m.know(s, m.name(s))
			}
			return s
		})
	}
	m.learning = false
}

func (m *mask) word(s string, is veil) string {
	switch {
	case s == "":
		return s
	case is == loginWord:
		return m.login(s)
	case is == nameWord:
		return m.name(s)
	case is == textWords:
		return m.text(s)
	case is == stepWord:
		return string(m.step(StepID(s)))
	case is == digestWord:
		return m.hash("digest "+s, 16)
	case is == lineWord:
		return m.hash("lineage "+s, 32)
	}
	return s
}

// walk copies a value and puts each string through to.
func (m *mask) walk(v reflect.Value, is veil, to func(string, veil) string) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	switch {
	case v.Type() == timeType:
		return v
	case v.Type() == secretType:
		if !v.Interface().(config.Secret).IsZero() {
			out.Set(reflect.ValueOf(config.SecretRef("env:MASKED")))
		}
		return out
	case m.learning && (v.Type() == stepType || v.Type() == endpointType):
		return v
	case v.Type() == stepType:
		out.SetString(string(m.step(v.Interface().(StepID))))
		return out
	case v.Type() == endpointType:
		out.SetString(m.endpoint(v.String()))
		return out
	}
	switch v.Kind() {
	case reflect.String:
		out.SetString(to(v.String(), is))
	case reflect.Struct:
		f := m.form(v.Type())
		if f.inert {
			return v
		}
		m.walkFields(f, v, out, to)
	case reflect.Slice:
		m.walkSlice(v, out, is, to)
	case reflect.Map:
		m.walkMap(v, out, is, to)
	case reflect.Pointer, reflect.Interface:
		m.walkInto(v, out, is, to)
	default:
		return v
	}
	return out
}

func (m *mask) walkInto(v, out reflect.Value, is veil, to func(string, veil) string) {
	switch {
	case v.IsNil():
	case v.Kind() == reflect.Interface:
		out.Set(m.walk(v.Elem(), is, to))
	default:
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(m.walk(v.Elem(), is, to))
		out.Set(p)
	}
}

func (m *mask) walkFields(f form, v, out reflect.Value, to func(string, veil) string) {
	for i, is := range f.veils {
		out.Field(i).Set(m.walk(v.Field(i), is, to))
	}
	if v.Type() == restoreType && !m.learning { // its step is called by the op that it takes back
		old, masked := v.Interface().(Restore), out.Interface().(Restore)
		if old.Op != nil && IDOf(old.Op) == old.Of {
			masked.Of = IDOf(masked.Op)
			out.Set(reflect.ValueOf(masked))
		}
	}
	if v.Type() == recordType && !m.learning { // what DNS shows stays, there and here
		old, masked := v.Interface().(Record), out.Interface().(Record)
		if old.Step.Kind() == (SetRecords{}).Kind() {
			masked.Before, masked.After = old.Before, old.After
			out.Set(reflect.ValueOf(masked))
		}
	}
}

func (m *mask) walkMap(v, out reflect.Value, is veil, to func(string, veil) string) {
	if v.IsNil() {
		return
	}
	out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
	keys := is
	switch is {
	case textWords:
		keys = plainWord // names of values
	case ownersWord:
		keys, is = plainWord, loginWord
	}
	for at := v.MapRange(); at.Next(); {
		out.SetMapIndex(m.walk(at.Key(), keys, to), m.walk(at.Value(), is, to))
	}
}

// walkSlice keeps what was ordered in order.
func (m *mask) walkSlice(v, out reflect.Value, is veil, to func(string, veil) string) {
	if v.IsNil() {
		return
	}
	if m.still(v.Type(), is) {
		out.Set(v)
		return
	}
	type item struct {
		v   reflect.Value
		key string
	}
	items, was, before := make([]item, v.Len()), true, ""
	for i := range items {
		masked, key := m.walk(v.Index(i), is, to), m.orderOf(v.Index(i))
		items[i] = item{masked, m.orderOf(masked)}
		was, before = was && before <= key, key
	}
	if was && (is == loginWord || v.Type().Elem().Kind() == reflect.Struct) {
		slices.SortStableFunc(items, func(a, b item) int { return strings.Compare(a.key, b.key) })
	}
	out.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, one := range items {
		out.Index(i).Set(one.v)
	}
}
