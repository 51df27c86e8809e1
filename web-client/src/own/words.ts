//! What the browser's own pages say: why a page could not be opened, and what an empty tab is for. `#` is the site.

/** Why a page could not be opened; `empty` is a new tab. */
export type Why = 'name' | 'site' | 'connect' | 'secure' | 'busy' | 'broken' | 'empty';

export type Words = Record<Why, { title: string; text: string }> & { again: string };

const en: Words = {
  name: { title: 'There is no site #', text: 'The address may be misspelt. Check it, then try again.' },
  site: { title: '# cannot be opened here', text: 'Only sites that the company allows can be opened in this session.' },
  connect: { title: '# does not answer', text: 'The site may be down for a moment. Try again in a while.' },
  secure: { title: 'The connection to # is not safe', text: 'The site could not prove who it is, so nothing was sent to it. Do not enter anything you have received by mail.' },
  busy: { title: 'Too much at once', text: 'This page asks for more connections than there may be. Close other tabs, then try again.' },
  broken: { title: '# could not be loaded', text: 'Something went wrong on the way. Try again.' },
  empty: { title: 'New tab', text: 'Type an address above to go somewhere.' },
  again: 'Try again',
};

const all: Record<string, Words> = {
  en,
  es: {
    name: { title: 'No existe el sitio #', text: 'Puede que la dirección esté mal escrita. Compruébela e inténtelo de nuevo.' },
    site: { title: '# no se puede abrir aquí', text: 'En esta sesión solo se abren los sitios que la empresa permite.' },
    connect: { title: '# no responde', text: 'Puede que el sitio no funcione en este momento. Inténtelo dentro de un rato.' },
    secure: { title: 'La conexión con # no es segura', text: 'El sitio no ha podido demostrar quién es, así que no se le ha enviado nada. No introduzca nada que haya recibido por correo.' },
    busy: { title: 'Demasiado a la vez', text: 'Esta página pide más conexiones de las permitidas. Cierre otras pestañas e inténtelo de nuevo.' },
    broken: { title: 'No se ha podido cargar #', text: 'Algo ha fallado por el camino. Inténtelo de nuevo.' },
    empty: { title: 'Pestaña nueva', text: 'Escriba arriba una dirección para ir a ella.' },
    again: 'Intentar de nuevo',
  },
  fr: {
    name: { title: 'Le site # n’existe pas', text: 'L’adresse est peut-être mal écrite. Vérifiez-la, puis réessayez.' },
    site: { title: '# ne peut pas être ouvert ici', text: 'Seuls les sites autorisés par l’entreprise s’ouvrent dans cette session.' },
    connect: { title: '# ne répond pas', text: 'Le site est peut-être en panne. Réessayez dans un moment.' },
    secure: { title: 'La connexion à # n’est pas sûre', text: 'Le site n’a pas pu prouver son identité ; rien ne lui a été envoyé. Ne saisissez rien que vous ayez reçu par e-mail.' },
    busy: { title: 'Trop de choses à la fois', text: 'Cette page demande plus de connexions que permis. Fermez d’autres onglets, puis réessayez.' },
    broken: { title: '# n’a pas pu être chargé', text: 'Un problème est survenu en chemin. Réessayez.' },
    empty: { title: 'Nouvel onglet', text: 'Tapez une adresse en haut pour y aller.' },
    again: 'Réessayer',
  },
  de: {
    name: { title: 'Die Seite # gibt es nicht', text: 'Vielleicht ist die Adresse falsch geschrieben. Prüfen Sie sie und versuchen Sie es noch einmal.' },
    site: { title: '# lässt sich hier nicht öffnen', text: 'In dieser Sitzung öffnen sich nur Seiten, die das Unternehmen erlaubt.' },
    connect: { title: '# antwortet nicht', text: 'Die Seite ist vielleicht gerade gestört. Versuchen Sie es in einer Weile noch einmal.' },
    secure: { title: 'Die Verbindung zu # ist nicht sicher', text: 'Die Seite konnte nicht beweisen, wer sie ist; es wurde nichts an sie gesendet. Geben Sie nichts ein, was Sie per E-Mail erhalten haben.' },
    busy: { title: 'Zu viel auf einmal', text: 'Diese Seite will mehr Verbindungen, als erlaubt sind. Schließen Sie andere Tabs und versuchen Sie es noch einmal.' },
    broken: { title: '# konnte nicht geladen werden', text: 'Unterwegs ist etwas schiefgegangen. Versuchen Sie es noch einmal.' },
    empty: { title: 'Neuer Tab', text: 'Geben Sie oben eine Adresse ein, um sie zu öffnen.' },
    again: 'Noch einmal versuchen',
  },
  pt: {
    name: { title: 'O site # não existe', text: 'O endereço pode estar mal escrito. Verifique-o e tente de novo.' },
    site: { title: '# não pode ser aberto aqui', text: 'Nesta sessão só se abrem os sites que a empresa permite.' },
    connect: { title: '# não responde', text: 'O site pode estar em baixo neste momento. Tente de novo daqui a pouco.' },
    secure: { title: 'A ligação a # não é segura', text: 'O site não conseguiu provar quem é, por isso nada lhe foi enviado. Não introduza nada que tenha recebido por e-mail.' },
    busy: { title: 'Demasiado ao mesmo tempo', text: 'Esta página pede mais ligações do que as permitidas. Feche outros separadores e tente de novo.' },
    broken: { title: 'Não foi possível carregar #', text: 'Algo correu mal pelo caminho. Tente de novo.' },
    empty: { title: 'Novo separador', text: 'Escreva acima um endereço para lá ir.' },
    again: 'Tentar de novo',
  },
  it: {
    name: { title: 'Il sito # non esiste', text: 'Forse l’indirizzo è scritto male. Lo controlli e riprovi.' },
    site: { title: '# non si può aprire qui', text: 'In questa sessione si aprono solo i siti consentiti dall’azienda.' },
    connect: { title: '# non risponde', text: 'Forse il sito in questo momento non funziona. Riprovi tra un po’.' },
    secure: { title: 'Il collegamento a # non è sicuro', text: 'Il sito non ha potuto dimostrare la propria identità, quindi non gli è stato inviato nulla. Non inserisca nulla che abbia ricevuto per e-mail.' },
    busy: { title: 'Troppo in una volta', text: 'Questa pagina chiede più connessioni di quante siano consentite. Chiuda altre schede e riprovi.' },
    broken: { title: 'Non è stato possibile caricare #', text: 'Qualcosa è andato storto. Riprovi.' },
    empty: { title: 'Nuova scheda', text: 'Digiti un indirizzo qui sopra per aprirlo.' },
    again: 'Riprova',
  },
  nl: {
    name: { title: 'De site # bestaat niet', text: 'Misschien is het adres verkeerd gespeld. Controleer het en probeer het opnieuw.' },
    site: { title: '# kan hier niet worden geopend', text: 'In deze sessie gaan alleen sites open die het bedrijf toestaat.' },
    connect: { title: '# antwoordt niet', text: 'De site ligt er misschien even uit. Probeer het straks opnieuw.' },
    secure: { title: 'De verbinding met # is niet veilig', text: 'De site kon niet bewijzen wie hij is, dus er is niets naartoe gestuurd. Vul niets in wat u per e-mail hebt ontvangen.' },
    busy: { title: 'Te veel tegelijk', text: 'Deze pagina vraagt meer verbindingen dan toegestaan. Sluit andere tabbladen en probeer het opnieuw.' },
    broken: { title: '# kon niet worden geladen', text: 'Er ging onderweg iets mis. Probeer het opnieuw.' },
    empty: { title: 'Nieuw tabblad', text: 'Typ hierboven een adres om erheen te gaan.' },
    again: 'Opnieuw proberen',
  },
};

export const languages = Object.keys(all);

/** The words of a language (BCP 47), or the English ones. */
export function wordsOf(language: string): Words {
  return all[language.slice(0, 2).toLowerCase()] ?? en;
}
