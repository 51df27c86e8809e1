//! What the page of a PDF says, in the language of the session. A sheet's number and their count come as `#` and `##`.

export type Words = {
  page: string;
  before: string;
  next: string;
  smaller: string;
  larger: string;
  fit: string;
  find: string;
  close: string;
  none: string;
  opening: string;
  broken: string;
  large: string;
  failed: string;
  locked: string;
  password: string;
  wrong: string;
  open: string;
  more: string;
  file: string;
};

const en: Words = {
  page: 'Page # of ##',
  before: 'Previous',
  next: 'Next',
  smaller: 'Smaller',
  larger: 'Larger',
  fit: 'Fit width',
  find: 'Find in this document',
  close: 'Close',
  none: 'Nothing found. What is hidden is not searched.',
  opening: 'Opening the document…',
  broken: 'This file cannot be shown. It is damaged, or not a PDF.',
  large: 'This PDF is too large to be shown here.',
  failed: 'This PDF could not be loaded. Reload the page to try again.',
  locked: 'This PDF is locked with a password.',
  password: 'Password',
  wrong: 'That is not the password. Try again.',
  open: 'Open',
  more: 'The document goes on, but only its first ## pages are shown here.',
  file: 'PDF document',
};

const all: Record<string, Words> = {
  en,
  es: {
    page: 'Página # de ##',
    before: 'Anterior',
    next: 'Siguiente',
    smaller: 'Reducir',
    larger: 'Ampliar',
    fit: 'Ajustar al ancho',
    find: 'Buscar en este documento',
    close: 'Cerrar',
    none: 'No se ha encontrado nada. No se busca en lo que está oculto.',
    opening: 'Abriendo el documento…',
    broken: 'Este archivo está dañado o no es un PDF, así que no se puede mostrar.',
    large: 'Este PDF es demasiado grande para mostrarlo aquí.',
    failed: 'No se ha podido cargar este PDF. Recargue la página para intentarlo de nuevo.',
    locked: 'Este PDF está protegido con una contraseña.',
    password: 'Contraseña',
    wrong: 'Esa no es la contraseña. Inténtelo de nuevo.',
    open: 'Abrir',
    more: 'El documento continúa, pero aquí solo se muestran sus primeras ## páginas.',
    file: 'Documento PDF',
  },
  fr: {
    page: 'Page # sur ##',
    before: 'Précédent',
    next: 'Suivant',
    smaller: 'Réduire',
    larger: 'Agrandir',
    fit: 'Ajuster à la largeur',
    find: 'Rechercher dans ce document',
    close: 'Fermer',
    none: 'Rien trouvé. Ce qui est masqué n’est pas recherché.',
    opening: 'Ouverture du document…',
    broken: 'Ce fichier est endommagé ou n’est pas un PDF : il ne peut pas être affiché.',
    large: 'Ce PDF est trop volumineux pour être affiché ici.',
    failed: 'Ce PDF n’a pas pu être chargé. Rechargez la page pour réessayer.',
    locked: 'Ce PDF est protégé par un mot de passe.',
    password: 'Mot de passe',
    wrong: 'Ce n’est pas le mot de passe. Réessayez.',
    open: 'Ouvrir',
    more: 'Le document continue, mais seules ses ## premières pages sont affichées ici.',
    file: 'Document PDF',
  },
  de: {
    page: 'Seite # von ##',
    before: 'Zurück',
    next: 'Weiter',
    smaller: 'Kleiner',
    larger: 'Größer',
    fit: 'An Breite anpassen',
    find: 'In diesem Dokument suchen',
    close: 'Schließen',
    none: 'Nichts gefunden. Verborgenes wird nicht durchsucht.',
    opening: 'Das Dokument wird geöffnet…',
    broken: 'Diese Datei ist beschädigt oder kein PDF und kann nicht angezeigt werden.',
    large: 'Dieses PDF ist zu groß, um hier angezeigt zu werden.',
    failed: 'Dieses PDF konnte nicht geladen werden. Laden Sie die Seite neu, um es noch einmal zu versuchen.',
    locked: 'Dieses PDF ist mit einem Passwort geschützt.',
    password: 'Passwort',
    wrong: 'Das ist nicht das Passwort. Versuchen Sie es noch einmal.',
    open: 'Öffnen',
    more: 'Das Dokument geht weiter, doch hier werden nur die ersten ## Seiten gezeigt.',
    file: 'PDF-Dokument',
  },
  pt: {
    page: 'Página # de ##',
    before: 'Anterior',
    next: 'Seguinte',
    smaller: 'Reduzir',
    larger: 'Ampliar',
    fit: 'Ajustar à largura',
    find: 'Procurar neste documento',
    close: 'Fechar',
    none: 'Nada encontrado. O que está oculto não é pesquisado.',
    opening: 'A abrir o documento…',
    broken: 'Este ficheiro está danificado ou não é um PDF, por isso não pode ser mostrado.',
    large: 'Este PDF é demasiado grande para ser mostrado aqui.',
    failed: 'Não foi possível carregar este PDF. Recarregue a página para tentar de novo.',
    locked: 'Este PDF está protegido por uma palavra-passe.',
    password: 'Palavra-passe',
    wrong: 'Essa não é a palavra-passe. Tente de novo.',
    open: 'Abrir',
    more: 'O documento continua, mas aqui só se mostram as primeiras ## páginas.',
    file: 'Documento PDF',
  },
  it: {
    page: 'Pagina # di ##',
    before: 'Precedente',
    next: 'Successivo',
    smaller: 'Riduci',
    larger: 'Ingrandisci',
    fit: 'Adatta alla larghezza',
    find: 'Cerca in questo documento',
    close: 'Chiudi',
    none: 'Nessun risultato. Ciò che è nascosto non viene cercato.',
    opening: 'Apertura del documento…',
    broken: 'Questo file è danneggiato o non è un PDF, quindi non può essere mostrato.',
    large: 'Questo PDF è troppo grande per essere mostrato qui.',
    failed: 'Non è stato possibile caricare questo PDF. Ricarica la pagina per riprovare.',
    locked: 'Questo PDF è protetto da una password.',
    password: 'Password',
    wrong: 'Non è la password giusta. Riprova.',
    open: 'Apri',
    more: 'Il documento continua, ma qui sono mostrate solo le prime ## pagine.',
    file: 'Documento PDF',
  },
  nl: {
    page: 'Pagina # van ##',
    before: 'Vorige',
    next: 'Volgende',
    smaller: 'Kleiner',
    larger: 'Groter',
    fit: 'Passend in breedte',
    find: 'Zoeken in dit document',
    close: 'Sluiten',
    none: 'Niets gevonden. In wat verborgen is, wordt niet gezocht.',
    opening: 'Het document wordt geopend…',
    broken: 'Dit bestand is beschadigd of geen PDF en kan niet worden getoond.',
    large: 'Deze PDF is te groot om hier te tonen.',
    failed: 'Deze PDF kon niet worden geladen. Laad de pagina opnieuw om het nog eens te proberen.',
    locked: 'Deze PDF is beveiligd met een wachtwoord.',
    password: 'Wachtwoord',
    wrong: 'Dat is niet het wachtwoord. Probeer het opnieuw.',
    open: 'Openen',
    more: 'Het document gaat verder, maar hier worden alleen de eerste ## pagina’s getoond.',
    file: 'PDF-document',
  },
};

export const languages = Object.keys(all);

/** The words of a language (BCP 47), or the English ones. */
export function wordsOf(language: string): Words {
  return all[language.slice(0, 2).toLowerCase()] ?? en;
}

export const pageOf = (words: Words, page: number, pages: number) => words.page.replace('##', String(pages)).replace('#', String(page));
