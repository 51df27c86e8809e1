// The extension's service worker: a manifest's style is an author's to Chromium, whatever it says; this one is a user's.
const put = (tabId, documentId) => chrome.scripting.insertCSS({ target: { tabId, documentIds: [documentId] }, css: STYLE, origin: 'USER' }).catch(() => {});
chrome.runtime.onMessage.addListener((_, { tab, documentId }) => {
  if (tab) put(tab.id, documentId);
});
chrome.webNavigation.onCommitted.addListener(({ tabId, documentId }) => {
  if (tabId >= 0) put(tabId, documentId);
});
