"""A receiver that knows nothing of pactwatch: it takes what the reference library of Standard Webhooks
calls genuine (204) and nothing else (401). Prints its port; its argument is the secret."""

import http.server
import sys

from standardwebhooks import Webhook, WebhookVerificationError

library = Webhook(sys.argv[1])


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            library.verify(body, dict(self.headers))
            self.send_response(204)
        except WebhookVerificationError as why:
            print(why, file=sys.stderr)
            self.send_response(401)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
print(server.server_address[1], flush=True)
server.serve_forever()
