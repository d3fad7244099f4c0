"""openapi-python-client with its defaults: signs up, records a kaizen, reads the streak, asks for a scene and sees it."""
import sys
import time
import uuid

from oree_client import AuthenticatedClient, Client
from oree_client.api.grimoire import generate_scene, get_scene
from oree_client.api.rise import create_kaizen, get_streak
from oree_client.api.signing_in import sign_up
from oree_client.models import NewKaizen, SceneRequest, SignedIn, SignUp

base = sys.argv[1]
signed = sign_up.sync(client=Client(base), body=SignUp(f"python-{uuid.uuid4()}@example.org", "une phrase de passe"))
assert isinstance(signed, SignedIn), signed
client = AuthenticatedClient(base, signed.access_token)
kaizen = create_kaizen.sync(client=client, body=NewKaizen("Ranger le bureau", completed=True))
assert kaizen.completed, kaizen
streak = get_streak.sync(signed.user.id, client=client)
assert streak.current == 1, streak
wanted = SceneRequest(world="Brume", era="Aube", class_="Mage", pose="Debout", decor="Lisière")
scene = generate_scene.sync(client=client, body=wanted, idempotency_key=str(uuid.uuid4()))
for _ in range(100):
    seen = get_scene.sync(scene.id, client=client)
    if seen.status not in ("queued", "running"):
        break
    time.sleep(0.2)
assert seen.status == "succeeded", seen
