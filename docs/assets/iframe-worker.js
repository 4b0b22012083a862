// Browsers start no worker for a page that lies on a disk. There the search runs in a hidden frame, which behaves like one.
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(url) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.title = "search";
      document.body.appendChild(this.frame);
      const inside = this.frame.contentWindow;
      this.ready = new Promise((ready) => {
        inside.document.open();
        inside.ready = ready;
        inside.document.write(
          "<script>postMessage = (data) => parent.postMessage(data, '*');</" + "script>" +
          "<script src='" + url + "' onload='ready()'></" + "script>"
        );
        inside.document.close();
      });
      window.addEventListener("message", (event) => {
        if (event.source !== inside) return;
        const told = new MessageEvent("message", { data: event.data });
        this.dispatchEvent(told);
        if (this.onmessage) this.onmessage(told);
      });
    }
    postMessage(data) {
      this.ready.then(() => this.frame.contentWindow.dispatchEvent(new MessageEvent("message", { data })));
    }
    terminate() {
      this.frame.remove();
    }
  };
}
