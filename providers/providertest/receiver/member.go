package receiver

import (
	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// member is a conversation in which somebody must sign in before they send.
type member struct {
	session
	user string
}

// AuthMechanisms are those of the options.
func (m *member) AuthMechanisms() []string {
	if m.s.o.Auth != nil {
		return m.s.o.Auth
	}
	return []string{sasl.Plain, sasl.Login}
}

// Auth takes the passwords of the options.
func (m *member) Auth(mechanism string) (sasl.Server, error) {
	m.s.note("AUTH " + mechanism)
	check := func(user, password string) error {
		if want, known := m.s.o.Users[user]; !known || want != password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "wrong user or password"}
		}
		m.user = user
		return nil
	}
	if mechanism == sasl.Login {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// Mail is for those who signed in.
func (m *member) Mail(from string, o *smtp.MailOptions) error {
	if m.user == "" {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "sign in first"}
	}
	return m.session.Mail(from, o)
}

// loginServer asks for one thing after the other.
type loginServer struct {
	check func(user, password string) error
	said  []string
}

// Next is sasl.Server's.
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if response != nil {
		l.said = append(l.said, string(response))
	}
	switch len(l.said) {
	case 0:
		return []byte("Username:"), false, nil
	case 1:
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.said[0], l.said[1])
}
