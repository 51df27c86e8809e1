document.getElementById('new-window').addEventListener('click', () => {
  window.open('frames-inner.html', 'parcel', 'popup,width=480,height=560');
});
