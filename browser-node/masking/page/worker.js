// The extension's service worker. Every document's guard reads there what the company hides, and what was typed.
chrome.storage.session.setAccessLevel({ accessLevel: 'TRUSTED_AND_UNTRUSTED_CONTEXTS' });

// Chromium's own "Download started" would stand over the page, for the agent too.
chrome.downloads.setUiOptions({ enabled: false }).catch(() => {});

// A manifest's style is an author's to Chromium, whatever it says; this one is a user's.
const put = (tabId, documentId) => chrome.scripting.insertCSS({ target: { tabId, documentIds: [documentId] }, css: STYLE, origin: 'USER' }).catch(() => {});
chrome.runtime.onMessage.addListener((_, { tab, documentId }) => {
  if (tab) put(tab.id, documentId);
});
chrome.webNavigation.onCommitted.addListener(({ tabId, documentId }) => {
  if (tabId >= 0) put(tabId, documentId);
});
