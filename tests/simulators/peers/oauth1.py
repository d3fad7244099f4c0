"""An OAuth 1.0a server by oauthlib, in Garmin's paths: it refuses whatever is not signed as RFC 5849 says. Prints its port.

Consents at once, and ends with its standard input. Argument: the application's id and secret, which are one word.
"""
import http.server
import json
import os
import secrets
import sys
import threading

from oauthlib.oauth1 import RequestValidator, WebApplicationServer

APPLICATION = sys.argv[1]


class Garmin(RequestValidator):
    enforce_ssl = False
    # The tests have a time of their own.
    timestamp_lifetime = 10**9
    safe_characters = RequestValidator.safe_characters.fget(None) | set("-_.")
    client_key_length = nonce_length = request_token_length = access_token_length = verifier_length = (1, 64)
    dummy_client = dummy_request_token = dummy_access_token = "nobody"

    def __init__(self):
        super().__init__()
        self.requests, self.tokens, self.seen = {}, {}, set()

    def validate_client_key(self, client_key, request):
        return client_key == APPLICATION

    def get_client_secret(self, client_key, request):
        return APPLICATION

    def validate_timestamp_and_nonce(self, client_key, timestamp, nonce, request, request_token=None, access_token=None):
        is_new = (timestamp, nonce) not in self.seen
        self.seen.add((timestamp, nonce))
        return is_new

    def validate_redirect_uri(self, client_key, redirect_uri, request):
        return redirect_uri.startswith("http")

    def validate_requested_realms(self, client_key, realms, request):
        return True

    def validate_realms(self, client_key, token, request, uri=None, realms=None):
        return True

    def get_default_realms(self, client_key, request):
        return []

    def get_realms(self, token, request):
        return []

    def save_request_token(self, token, request):
        self.requests[token["oauth_token"]] = {"secret": token["oauth_token_secret"], "callback": request.redirect_uri}

    def verify_request_token(self, token, request):
        return token in self.requests

    def validate_request_token(self, client_key, token, request):
        return token in self.requests

    def get_request_token_secret(self, client_key, token, request):
        return self.requests.get(token, {}).get("secret", "nothing")

    def get_redirect_uri(self, token, request):
        return self.requests[token]["callback"]

    def save_verifier(self, token, verifier, request):
        self.requests[token]["verifier"] = verifier["oauth_verifier"]

    def validate_verifier(self, client_key, token, verifier, request):
        return secrets.compare_digest(self.requests.get(token, {}).get("verifier", ""), verifier)

    def invalidate_request_token(self, client_key, request_token, request):
        self.requests.pop(request_token)

    def save_access_token(self, token, request):
        self.tokens[token["oauth_token"]] = token["oauth_token_secret"]

    def validate_access_token(self, client_key, token, request):
        return token in self.tokens

    def get_access_token_secret(self, client_key, token, request):
        return self.tokens.get(token, "nothing")


server = WebApplicationServer(Garmin())


class Handler(http.server.BaseHTTPRequestHandler):
    def serve(self):
        address = f"http://{self.headers['host']}{self.path}"
        path = self.path.partition("?")[0]
        asked = (address, self.command, "", dict(self.headers))
        if path == "/oauth-service/oauth/request_token":
            headers, body, status = server.create_request_token_response(*asked)
        elif path == "/oauth-service/oauth/access_token":
            headers, body, status = server.create_access_token_response(*asked)
        elif path == "/oauthConfirm":
            headers, body, status = server.create_authorization_response(*asked, realms=[])
        else:
            is_signed, _ = server.validate_protected_resource_request(*asked, realms=[])
            answer = {"userId": "oauth1-account", "permissions": ["ACTIVITY_EXPORT"]} if is_signed else {}
            headers, body, status = {"content-type": "application/json"}, json.dumps(answer), 200 if is_signed else 401
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write((body or "").encode())

    do_GET = do_POST = do_DELETE = serve

    def log_message(self, *_):
        pass


threading.Thread(target=lambda: os._exit(len(sys.stdin.read())), daemon=True).start()
with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
    print(listening.server_port, flush=True)
    listening.serve_forever()
