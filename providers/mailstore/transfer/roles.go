package transfer

import (
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"golang.org/x/text/unicode/norm"
)

// roleNames are the names that servers and clients give to folders of a role
// where LIST does not tell it (RFC 6154), in lower case, the most usual first.
// Left out are names that mean different roles at different vendors, such as
// 发件箱 and 垃圾箱, and 病毒文件夹, which is no junk.
var roleNames = map[imap.MailboxAttr][]string{
	imap.MailboxAttrSent: {
		"sent", "sent messages", "sent items", "sent mail", "sentmail", "sent-mail", "sentbox",
		"已发送", "已发送邮件", "已发邮件", "已发送的邮件", "已发送消息", "已傳送", "已傳送郵件", "寄件備份", "寄件匣備份", "已寄出", "寄件夾",
		"gesendet", "gesendete elemente", "gesendete objekte", "gesendete nachrichten", "gesendete", "gesendete mails",
		"envoyés", "éléments envoyés", "messages envoyés", "courrier envoyé", "objets envoyés", "envoyes",
		"inviati", "posta inviata", "elementi inviati", "inviata", "messaggi inviati",
		"enviados", "elementos enviados", "mensajes enviados", "correo enviado", "enviado",
		"gönderilmiş öğeler", "gönderilen", "gönderilenler", "gönderilmiş postalar", "gönderilmiş",
		"送信済み", "送信済みアイテム", "送信済みメール", "送信済", "送信控え",
		"отправленные", "отправленные сообщения",
	},
	imap.MailboxAttrDrafts: {
		"drafts", "draft", "draft messages",
		"草稿箱", "草稿", "草稿夹", "草稿匣", "草稿夾",
		"entwürfe", "entwurf", "entwuerfe",
		"brouillons", "brouillon",
		"bozze", "bozza",
		"borradores", "borrador",
		"taslaklar", "taslak",
		"下書き", "下書",
		"черновики", "черновик",
	},
	imap.MailboxAttrTrash: {
		"trash", "deleted messages", "deleted items", "deleted", "bin", "wastebasket", "trash can",
		"已删除邮件", "已删除", "已删除的邮件", "已删除消息", "回收站", "废件箱", "已刪除的郵件", "已刪除郵件", "已刪除", "刪除的郵件", "垃圾桶", "資源回收筒",
		"papierkorb", "gelöscht", "gelöschte elemente", "gelöschte objekte", "gelöschte nachrichten", "geloescht",
		"corbeille", "éléments supprimés", "messages supprimés", "objets supprimés", "supprimés",
		"cestino", "posta eliminata", "elementi eliminati", "eliminati",
		"papelera", "elementos eliminados", "eliminados", "papelera de reciclaje",
		"çöp kutusu", "silinmiş öğeler", "çöp", "silinen öğeler", "silinmiş",
		"ゴミ箱", "ごみ箱", "削除済みアイテム", "削除済み", "削除済みメール",
		"удаленные", "удалённые", "корзина", "удаленные элементы",
	},
	imap.MailboxAttrJunk: {
		"junk", "spam", "junk e-mail", "junk email", "junk mail", "bulk mail", "junk-e-mail",
		"垃圾邮件", "垃圾邮件箱", "垃圾郵件", "垃圾信", "垃圾信件",
		"spamverdacht", "unerwünscht", "junk-e-mail-ordner", "spam-verdacht",
		"courrier indésirable", "indésirables", "pourriel", "pourriels",
		"posta indesiderata", "indesiderata",
		"correo no deseado", "correo basura", "no deseado",
		"gereksiz", "önemsiz e-posta", "istenmeyen", "gereksiz e-posta",
		"迷惑メール", "迷惑メールフォルダー", "スパム",
		"спам", "нежелательная почта", "нежелательные",
	},
	imap.MailboxAttrArchive: {
		"archive", "archives", "archived",
		"归档", "存档", "归档邮件", "封存", "歸檔", "封存郵件",
		"archiv", "archivio", "archivo", "archivados", "arşiv",
		"アーカイブ", "архив",
	},
}

// otherFolders is the folder below which QQ Mail and Exmail list all folders
// that a person made. It holds no mail itself.
const otherFolders = "其他文件夹"

// roleRank gives the role that a name tells and the name's place in the table.
func roleRank(name string) (imap.MailboxAttr, int) {
	name = norm.NFC.String(strings.ToLower(name))
	name = strings.ReplaceAll(name, "i\u0307", "i") // Turkish capital I with a dot
	for _, role := range roles {
		if i := slices.Index(roleNames[role], name); i >= 0 {
			return role, i
		}
	}
	return "", -1
}

// roles are the uses that are carried from folder to folder.
var roles = [...]imap.MailboxAttr{
	imap.MailboxAttrSent, imap.MailboxAttrDrafts, imap.MailboxAttrTrash, imap.MailboxAttrJunk, imap.MailboxAttrArchive,
}

// attrRole gives the role that LIST told, or "".
func attrRole(f Folder) imap.MailboxAttr {
	for _, role := range roles {
		if strings.EqualFold(string(f.Use), string(role)) {
			return role
		}
	}
	return ""
}

// views are uses whose mail lies in other folders too (RFC 6154, RFC 8457).
var views = [...]imap.MailboxAttr{imap.MailboxAttrAll, imap.MailboxAttrFlagged, `\Important`}

func isView(f Folder) bool {
	return slices.ContainsFunc(views[:], func(v imap.MailboxAttr) bool {
		return strings.EqualFold(string(f.Use), string(v))
	})
}
