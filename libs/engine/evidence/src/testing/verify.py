#!/usr/bin/env python3
"""A second verifier of examiner packs, written from SPEC.md and nothing else: Python's standard library, and `openssl` for Ed25519.

    verify.py pack FILE [--key VKEY]... [--checkpoint FILE]... [--witnesses N] [--producer-key VKEY]... [--rotation FILE]...
    verify.py session FILE [--producer-key VKEY]...
    verify.py proof FILE --event FILE [--key VKEY]... [--rotation FILE]...
    verify.py consistency A B --proof FILE [--key VKEY]... [--rotation FILE]...

Prints one line for each finding. Exit codes: 0 ok, 20 tampered, 21 incomplete, 22 untrusted key, 2 wrong use.
"""

import argparse
import base64
import binascii
import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import zlib

TAMPERED, UNTRUSTED, INCOMPLETE = "tampered", "untrusted", "incomplete"
CODES = {TAMPERED: 20, UNTRUSTED: 22, INCOMPLETE: 21}
LIMIT = 2**53 - 1
PACK = "sallyport.dev/pack/v1"


class Findings:
    def __init__(self):
        self.all = []

    def say(self, verdict, what):
        self.all.append((verdict, what))

    def code(self):
        for verdict in (TAMPERED, UNTRUSTED, INCOMPLETE):
            if any(v == verdict for v, _ in self.all):
                return CODES[verdict]
        return 0


class Malformed(Exception):
    pass


def need(truth, what):
    if not truth:
        raise Malformed(what)


# ------------------------------------------------------------------------------------------------------------------- section 2: hashes

def sha(data):
    return hashlib.sha256(data).digest()


def leaf_hash(data):
    return sha(b"\x00" + data)


def node_hash(left, right):
    return sha(b"\x01" + left + right)


def unbase64(text):
    if isinstance(text, str):
        text = text.encode("utf-8", "surrogatepass")
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("not base64")
    need(base64.b64encode(data) == text, "not base64 in its one form")
    return data


def unhash(text):
    data = unbase64(text)
    need(len(data) == 32, "not a hash")
    return data


def decimal(text):
    need(re.fullmatch(r"0|[1-9][0-9]{0,15}", text) is not None, "not a decimal")
    need(int(text) <= LIMIT, "too large")
    return int(text)


def lines_of(text):
    need(text.endswith("\n"), "the last line does not end")
    return text[:-1].split("\n")


def utf8(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8")


# ---------------------------------------------------------------------------------------------------------------- 2.1 keys, notes, checkpoints

class Key:
    def __init__(self, vkey):
        match = re.fullmatch(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", vkey)
        need(match is not None, "not a vkey")
        self.name = match.group(1)
        data = unbase64(match.group(3))
        need(len(data) == 33 and data[0] in (1, 4), "not a key that is understood")
        self.type, self.public = data[0], data[1:]
        self.id = sha(self.name.encode() + b"\n" + data)[:4]
        need(self.id.hex() == match.group(2), "the key's id is not its own")

    def holds(self, text, signature):
        message = text.encode()
        if self.type == 4:
            if len(signature) != 72:
                return False
            message = b"cosignature/v1\ntime %d\n" % int.from_bytes(signature[:8], "big") + message
            signature = signature[8:]
        return len(signature) == 64 and ed25519(self.public, message, signature)


def ed25519(public, message, signature):
    der = bytes.fromhex("302a300506032b6570032100") + public
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name) for name in ("key", "message", "signature")}
        for name, data in (("key", der), ("message", message), ("signature", signature)):
            with open(paths[name], "wb") as file:
                file.write(data)
        done = subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", paths["key"], "-rawin", "-in", paths["message"], "-sigfile", paths["signature"]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return done.returncode == 0


class Note:
    def __init__(self, data):
        need(len(data) <= 256 * 1024, "the note is too long")
        whole = utf8(data)
        need(all(c == "\n" or (c >= " ") for c in whole), "the note has control characters")
        split = whole.rfind("\n\n")
        need(split != -1, "the note has no empty line")
        self.text = whole[:split + 1]
        self.signatures = []
        lines = lines_of(whole[split + 2:])
        need(len(lines) <= 100, "too many signatures")
        for line in lines:
            parts = line.split(" ")
            need(len(parts) == 3 and parts[0] == "\u2014" and parts[1] != "" and "+" not in parts[1] and not re.search(r"\s", parts[1]), "not a signature line")
            signature = unbase64(parts[2])
            need(len(signature) >= 5, "a signature is too short")
            self.signatures.append((parts[1], signature[:4], signature[4:]))

    def signers(self, keys):
        """Names of trusted keys that signed; raises if one of their signatures does not hold."""
        names = []
        for name, key_id, signature in self.signatures:
            for key in keys:
                if key.name == name and key.id == key_id:
                    need(key.holds(self.text, signature), "a signature under a trusted key does not hold")
                    names.append(name)
        return names


def rotation_of(data):
    """2.3: the two keys, and whether both have signed. Raises on anything else, and on a signature that does not hold."""
    note = Note(data)
    lines = lines_of(note.text)
    need(len(lines) == 3 and lines[0] == "sallyport.dev/key-rotation/v1", "not a statement about keys")
    old, new = Key(lines[1]), Key(lines[2])
    need(old.name == new.name and old.type == new.type == 1 and old.id != new.id, "not two keys of one log")
    return lines[1], lines[2], bool(note.signers([old])) and bool(note.signers([new]))


def follow_rotations(keys, notes, found):
    rotations = []
    for where, data in notes:
        try:
            old, new, signed = rotation_of(data)
            if signed:
                rotations.append((old, new))
        except Malformed as error:
            found.say(TAMPERED, f"{where}: {error}")
    trusted = {(key.name, key.type, key.public) for key in keys}
    keys = list(keys)
    while True:
        fresh = [Key(new) for old, new in rotations if part(Key(old)) in trusted and part(Key(new)) not in trusted]
        if not fresh:
            return keys
        keys.append(fresh[0])
        trusted.add(part(fresh[0]))


def part(key):
    return key.name, key.type, key.public


def open_note(data, keys, where, found):
    try:
        note = Note(data)
    except Malformed as error:
        found.say(TAMPERED, f"{where}: {error}")
        return None, []
    try:
        signers = note.signers([key for key in keys if key.type == 1])
        if not signers:
            found.say(UNTRUSTED, f"{where}: no trusted key has signed it")
        return note, signers
    except Malformed as error:
        found.say(TAMPERED, f"{where}: {error}")
        return note, []


def log_of(origin):
    log, slash, epoch = origin.rpartition("/")
    try:
        decimal(epoch)
    except Malformed:
        return None
    return log if slash and log else None


class Checkpoint:
    def __init__(self, text):
        lines = lines_of(text)
        need(len(lines) == 3 and lines[0] != "", "a checkpoint has three lines")
        self.origin, self.size, self.root = lines[0], decimal(lines[1]), unhash(lines[2])
        need(self.size > 0 or self.root == sha(b""), "the root of no leaves is the hash of nothing")


def open_checkpoint(data, keys, where, found):
    note, signers = open_note(data, keys, where, found)
    if note is None:
        return None, None
    try:
        checkpoint = Checkpoint(note.text)
    except Malformed as error:
        found.say(TAMPERED, f"{where}: {error}")
        return None, None
    log = log_of(checkpoint.origin)
    if log is None or (signers and log not in signers):
        found.say(TAMPERED, f"{where}: not the origin of the log that signed it")
    return checkpoint, note


def check_witnesses(note, keys, wanted, where, found):
    witnesses = [key for key in keys if key.type == 4]
    if not witnesses and wanted == 0:
        return
    try:
        count = len(set(note.signers(witnesses)))
        if count < wanted:
            found.say(UNTRUSTED, f"{where}: {count} witnesses, {wanted} are asked for")
    except Malformed as error:
        found.say(TAMPERED, f"{where}: {error}")


# ---------------------------------------------------------------------------------------------------------------------------- 2.2 proofs

def inclusion(index, size, leaf, proof, root):
    """RFC 9162, 2.1.3.2."""
    need(index < size, "the leaf is not in the tree")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        need(sn != 0, "too many hashes")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            if not fn & 1:
                while fn and not fn & 1:
                    fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "too few hashes")
    need(r == root, "the proof does not lead to the root")


def consistency(first, second, first_root, second_root, proof):
    """RFC 9162, 2.1.4.2."""
    need(first <= second, "a tree does not shrink")
    if first == second or first == 0:
        need(not proof, "nothing is to be shown")
        need(first != second or first_root == second_root, "two roots for one size")
        return
    if first & (first - 1) == 0:
        proof = [first_root] + proof
    need(proof, "the proof is empty")
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = proof[0]
    for c in proof[1:]:
        need(sn != 0, "too many hashes")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "too few hashes")
    need(fr == first_root and sr == second_root, "the proof does not lead to the roots")


def hashes_of(data):
    return [unhash(line) for line in lines_of(utf8(data))] if data else []


class RangeProof:
    def __init__(self, data):
        lines = lines_of(utf8(data))
        need(len(lines) >= 2 and lines[0] == "sallyport.dev/range-proof@v1", "not a range proof")
        numbers = lines[1].split(" ")
        need(len(numbers) == 3, "not three numbers")
        self.a, self.b, self.n = (decimal(number) for number in numbers)
        need(self.a <= self.b <= self.n, "its numbers do not rise")
        count = bin(self.a).count("1")
        left, right = lines[2:2 + count], lines[2 + count:]
        need(len(left) == count and all(line.startswith("left ") for line in left), "not the left hashes")
        need(all(line.startswith("right ") for line in right), "not the right hashes")
        self.left = [unhash(line[5:]) for line in left]
        self.right = [unhash(line[6:]) for line in right]
        need(len(self.right) == len(self.behind()), "not as many right hashes as the rule gives")

    def before(self):
        start, rest, parts = 0, self.a, []
        while rest:
            length = 1 << (rest.bit_length() - 1)
            parts.append((start, length))
            start, rest = start + length, rest - length
        return parts

    def behind(self):
        start, parts = self.b, []
        while start < self.n:
            length = 1
            while start % (2 * length) == 0 and start + 2 * length <= self.n:
                length *= 2
            parts.append((start, length))
            start += length
        return parts


class Stack:
    def __init__(self):
        self.all = []

    def push(self, start, length, value):
        self.all.append((start, length, value))
        while len(self.all) > 1 and self.all[-1][1] == self.all[-2][1] and self.all[-2][0] % (2 * self.all[-1][1]) == 0:
            _, length, upper = self.all.pop()
            start, _, lower = self.all.pop()
            self.all.append((start, 2 * length, node_hash(lower, upper)))

    def root(self):
        root = None
        for _, _, value in reversed(self.all):
            root = value if root is None else node_hash(value, root)
        return sha(b"") if root is None else root


# --------------------------------------------------------------------------------------------------------------------------- section 1: events

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


def is_index(key):
    return re.fullmatch(r"0|[1-9][0-9]{0,9}", key) is not None and int(key) < 2**32 - 1


def members(pairs):
    keys = [key for key, _ in pairs]
    need(len(set(keys)) == len(keys), "a member is there twice")
    indexes = [int(key) for key in keys if is_index(key)]
    need(indexes == sorted(indexes) and all(is_index(key) for key in keys[:len(indexes)]), "members are not in the one order")
    return dict(pairs)


def whole(text):
    number = int(text)
    need(abs(number) <= LIMIT, "a number is too large")
    return number


def refuse_number(_):
    raise Malformed("a number is not whole")


def stringify(value):
    """As ECMAScript's JSON.stringify: only lone surrogates differ from Python's."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda found: "\\u%04x" % ord(found.group()), text)


def units(text):
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def event_of(data):
    need(len(data) <= 262144, "the event is too large")
    text = utf8(data)
    try:
        value = json.loads(text, object_pairs_hook=members, parse_int=whole, parse_float=refuse_number, parse_constant=refuse_number)
        need(stringify(value) == text, "not in the one form")
    except (ValueError, RecursionError):
        raise Malformed("not JSON")
    check_members(value, ("v", "id", "type", "tenant", "sid", "seq", "prev", "prod", "t", "who", "on", "auth", "d", "blobs"))
    need(value["v"] == 1 and number(value["v"]), "not version 1")
    need(match(UUID7, value["id"]) and match(UUID, value["sid"]) and match("[0-9a-f]{64}", value["prev"]), "ids")
    need(match(r"[a-z_]+\.[a-z_]+", value["type"]) and len(value["type"]) <= 64, "type")
    need(is_text(value["tenant"], 1, 256) and count(value["seq"]), "tenant, seq")
    check_members(value["prod"], ("id", "epoch", "pseq"))
    need(match("[A-Za-z0-9_-]{1,64}", value["prod"]["id"]) and match(UUID, value["prod"]["epoch"]) and count(value["prod"]["pseq"]) and value["prod"]["pseq"] >= 1, "prod")
    check_members(value["t"], ("wall", "mono_us"))
    need(count(value["t"]["mono_us"]) and is_wall(value["t"]["wall"]), "t")
    if value["who"] is not None:
        check_members(value["who"], ("id", "npid", "iss", "tok", "jti", "owner"))
        need(is_text(value["who"]["id"], 1, 256) and all(text_or_null(value["who"][m]) for m in ("npid", "iss", "tok", "jti", "owner")), "who")
    if value["on"] is not None:
        check_members(value["on"], ("target", "kind", "env"))
        need(all(isinstance(value["on"][m], str) for m in ("target", "kind", "env")), "on")
    if value["auth"] is not None:
        check_members(value["auth"], ("policy", "slice", "lease", "approval"))
        need((value["auth"]["policy"] is None or count(value["auth"]["policy"])) and all(text_or_null(value["auth"][m]) for m in ("slice", "lease", "approval")), "auth")
    need(isinstance(value["d"], dict), "d")
    need(isinstance(value["blobs"], list) and len(value["blobs"]) <= 255, "blobs")
    for blob in value["blobs"]:
        check_members(blob, ("role", "ct_sha256", "off", "len"))
        need(blob["role"] in ("text", "params", "comment", "claims", "opening", "recording") and match("[0-9a-f]{64}", blob["ct_sha256"]) and count(blob["off"]) and count(blob["len"]), "blob")
    return value


def check_members(value, names):
    need(isinstance(value, dict) and set(value) == set(names), "not exactly the members")


def match(pattern, value):
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def number(value):
    return isinstance(value, int) and not isinstance(value, bool)


def count(value):
    return number(value) and 0 <= value <= LIMIT


def is_text(value, least, most):
    return isinstance(value, str) and least <= units(value) <= most


def text_or_null(value):
    return value is None or isinstance(value, str)


def is_wall(value):
    if not match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z", value):
        return False
    try:
        return datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ") > datetime.datetime(1970, 1, 1)
    except ValueError:
        return False


# ------------------------------------------------------------------------------------------------------------------- section 4, rules 8 and 9

class Chains:
    def __init__(self, found):
        self.found, self.chains, self.abandoned = found, {}, {}

    def add(self, event, data):
        self.chains.setdefault(event["sid"], []).append((event, sha(data).hex()))
        if event["type"] == "session.abandoned":
            sid, last = event["d"].get("session"), event["d"].get("last_seq")
            if not isinstance(sid, str) or not number(last):
                self.found.say(TAMPERED, "a session.abandoned does not say of what")
            else:
                self.abandoned[sid] = max(last, self.abandoned.get(sid, -1))

    def finish(self, whole, from_start, nothing_withheld, begun_before, open_after):
        for sid, links in self.chains.items():
            self.check(sid, sorted(links, key=lambda link: link[0]["seq"]), whole, from_start, begun_before, open_after)
        if from_start and nothing_withheld:
            for sid in self.abandoned:
                if sid not in self.chains:
                    self.found.say(INCOMPLETE, f"chain {sid}: a whole session is missing")

    def check(self, sid, links, whole, from_start, begun_before, open_after):
        first, last = links[0][0], links[-1][0]
        session = sid != first["prod"]["epoch"]
        disclosed = whole == "all" or (whole == "sessions" and session)
        if first["seq"] == 0 and first["prev"] != "0" * 64:
            self.found.say(TAMPERED, f"chain {sid}: the first event names one before it")
        for (before, digest), (event, _) in zip(links, links[1:]):
            step = event["seq"] - before["seq"]
            if step == 0:
                self.found.say(TAMPERED, f"chain {sid}: number {event['seq']} twice")
            elif step == 1 and event["prev"] != digest:
                self.found.say(TAMPERED, f"chain {sid}: number {event['seq']} does not follow the one before it")
            elif step > 1 and disclosed:
                self.found.say(INCOMPLETE, f"chain {sid}: numbers {before['seq'] + 1} to {event['seq'] - 1} are missing")
        if disclosed and first["seq"] != 0 and (from_start or (session and sid not in begun_before)):
            self.found.say(INCOMPLETE, f"chain {sid}: begins at number {first['seq']}")
        if not session:
            return
        if any((event["prod"]["id"], event["prod"]["epoch"]) != (first["prod"]["id"], first["prod"]["epoch"]) for event, _ in links):
            self.found.say(TAMPERED, f"chain {sid}: more than one producer")
        ended = self.course(sid, [event for event, _ in links], disclosed)
        if disclosed and not ended and sid not in open_after and self.abandoned.get(sid) != last["seq"]:
            self.found.say(INCOMPLETE, f"chain {sid}: has no end")

    def course(self, sid, events, disclosed):
        state = "new" if events[0]["seq"] == 0 else "unknown"
        only_auth = True
        for event in events:
            kind = event["type"]
            auth, opens = kind.startswith("auth."), kind in ("session.opened", "session.refused")
            only_auth = only_auth and auth
            if state == "ended":
                self.found.say(TAMPERED, f"chain {sid}: number {event['seq']} comes after the end")
                continue
            if state == "new" and not auth:
                if not opens and disclosed:
                    self.found.say(INCOMPLETE, f"chain {sid}: was never opened")
                state = "open"
            elif state == "open" and opens:
                self.found.say(TAMPERED, f"chain {sid}: opened twice")
            elif state == "unknown" and not auth:
                state = "open"
            if kind == "session.closed" and (event["d"].get("final_seq") != event["seq"] or event["d"].get("head") != event["prev"]):
                self.found.say(TAMPERED, f"chain {sid}: its end names another place")
            if kind in ("session.closed", "session.refused"):
                state = "ended"
        return state == "ended" or only_auth


# ------------------------------------------------------------------------------------------------------------------- section 4, rule 13: ends

def producer_key(vkey, producer):
    need(isinstance(vkey, str), "not a key")
    key = Key(vkey)
    need(key.name == producer and key.type == 1, "another's key")
    return key


def check_ends(events, known, found):
    starts, owners, pins = {}, {}, {}
    for vkey in known:
        pins.setdefault(vkey.partition("+")[0], set()).add(vkey)

    def claim(vkey, producer):
        owner = owners.setdefault(vkey.split("+", 2)[2], producer)
        if owner != producer:
            found.say(TAMPERED, f"producer {producer}: its key is that of {owner}")
        if producer in pins and vkey not in pins[producer]:
            found.say(UNTRUSTED, f"producer {producer}: its key is not the one that is known")

    for event in events:
        producer, epoch, d = event["prod"]["id"], event["prod"]["epoch"], event["d"]
        start = starts.setdefault((producer, epoch), {"named": None, "keys": [], "unsigned": 0})
        if event["type"] == "key.created" and d.get("use") == "session.closed":
            try:
                producer_key(d.get("key"), producer)
                need(event["sid"] == epoch, "not in its producer's own chain")
                need(start["named"] in (None, d["key"]), "a second key")
                start["named"] = d["key"]
                claim(d["key"], producer)
            except Malformed as error:
                found.say(TAMPERED, f"producer {producer}: key.created: {error}")
        if event["type"] == "key.rotated":
            try:
                need(isinstance(d.get("note"), str), "no statement")
                old, new, signed = rotation_of(d["note"].encode("utf-8", "surrogatepass"))
                need(signed and (old, new, Key(old).name) == (d.get("old"), d.get("new"), d.get("log")), "not what both keys have signed")
            except Malformed as error:
                found.say(TAMPERED, f"key.rotated: {error}")
        if event["type"] == "session.closed":
            if "key" not in d and "signature" not in d:
                start["unsigned"] += 1
                continue
            try:
                key = producer_key(d.get("key"), producer)
                need(isinstance(d.get("signature"), str), "not a signature")
                signature = unbase64(d["signature"])
                draft = stringify({**event, "d": {**d, "signature": ""}}).encode("utf-8", "surrogatepass")
                need(len(signature) == 64 and ed25519(key.public, b"sallyport.dev/session-end/v1\n" + draft, signature), "the signature does not hold")
            except Malformed as error:
                found.say(TAMPERED, f"chain {event['sid']}: its end: {error}")
                continue
            if d["key"] not in start["keys"]:
                start["keys"].append(d["key"])
                claim(d["key"], producer)
    for (producer, _), start in starts.items():
        own = start["named"] or (start["keys"] or [None])[0]
        if any(key != own for key in start["keys"]):
            found.say(TAMPERED, f"producer {producer}: an end is signed by another key")
        if start["unsigned"] and (own is not None or producer in pins):
            found.say(TAMPERED, f"producer {producer}: an end bears no signature")


# ---------------------------------------------------------------------------------------------------------------- section 4, rule 14: silences

PATIENCE = 30_000_000


def check_silences(events, found):
    starts, told = {}, {}
    for place, event in enumerate(events):
        prod, d = event["prod"], event["d"]
        start = starts.setdefault((prod["id"], prod["epoch"]), {"events": [], "last": None, "place": 0, "beats": False, "started": -1})
        start["place"] = place
        start["beats"] = start["beats"] or event["type"] == "producer.heartbeat"
        if event["type"] == "service.started":
            start["started"] = place
        if start["last"] is None or prod["pseq"] > start["last"]["prod"]["pseq"]:
            start["last"] = event
            start["events"].append((place, event["t"]["mono_us"]))
        if event["type"] in ("producer.silent", "producer.heard") and isinstance(d.get("producer"), str) and isinstance(d.get("epoch"), str) and number(d.get("last_pseq")):
            key = (d["producer"], d["epoch"])
            told[key] = max(d["last_pseq"], told.get(key, -1))

    def passed(since, but):
        for key, other in starts.items():
            first = before = None
            for place, mono in other["events"]:
                if key == but or place <= since:
                    continue
                if first is None or mono < before:
                    first = mono
                before = mono
                if mono - first > PATIENCE:
                    return True
        return False

    for key, last in told.items():
        if key not in starts or starts[key]["last"]["prod"]["pseq"] < last:
            found.say(INCOMPLETE, f"producer {key[0]}: the ledger had its number {last}")
    for key, start in starts.items():
        last = start["last"]
        if not start["beats"] or last["type"] == "service.stopped" or not passed(start["place"], key):
            continue
        anew = any(other[0] == key[0] and other != key and starts[other]["started"] > start["place"] for other in starts)
        if not anew and told.get(key) != last["prod"]["pseq"]:
            found.say(INCOMPLETE, f"producer {key[0]} is silent since {last['t']['wall']}")


def check_counters(events, from_start, withheld, found):
    counters = {}
    for event in events:
        counters.setdefault((event["prod"]["id"], event["prod"]["epoch"]), []).append(event["prod"]["pseq"])
    holes, missing = [], 0
    for producer, numbers in counters.items():
        numbers.sort()
        if len(set(numbers)) != len(numbers):
            found.say(TAMPERED, f"producer {producer[0]}: a number twice")
        before = 0 if from_start else numbers[0] - 1
        for pseq in numbers:
            if pseq > before + 1:
                holes.append((producer[0], before + 1, pseq - 1))
                missing += pseq - before - 1
            before = pseq
    if missing > withheld:
        for producer, low, high in holes:
            found.say(INCOMPLETE, f"producer {producer}: numbers {low} to {high} are nowhere")


# ------------------------------------------------------------------------------------------------------------------------- section 3: archive

GZIP = bytes.fromhex("1f8b08000000000000ff")
PATH = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")


def header(path, length):
    fields = [(0, path.encode()), (100, b"0000644\0"), (108, b"0000000\0"), (116, b"0000000\0"), (124, b"%011o\0" % length), (136, b"00000000000\0"),
              (148, b"        "), (156, b"0"), (257, b"ustar\x0000"), (329, b"0000000\0"), (337, b"0000000\0")]
    block = bytearray(512)
    for at, data in fields:
        block[at:at + len(data)] = data
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def archive_of(data):
    need(data[:10] == GZIP and len(data) >= 18, "not the gzip header")
    inflate = zlib.decompressobj(-15)
    try:
        tar = inflate.decompress(data[10:])
    except zlib.error:
        raise Malformed("it does not decompress")
    end = inflate.unused_data
    need(inflate.eof and end == zlib.crc32(tar).to_bytes(4, "little") + (len(tar) % 2**32).to_bytes(4, "little"), "not the end of a gzip member")
    need(len(tar) >= 1024 and len(tar) % 512 == 0 and not any(tar[-1024:]), "not the end of an archive")
    files, at, before = {}, 0, ""
    while at < len(tar) - 1024:
        block = tar[at:at + 512]
        path = block[:100].rstrip(b"\0").decode("latin-1")
        digits = block[124:135].decode("latin-1")
        need(PATH.fullmatch(path) and not any(part in (".", "..") for part in path.split("/")) and re.fullmatch("[0-7]{11}", digits), "not a header")
        length = int(digits, 8)
        need(block == header(path, length) and path > before, "not a header, or not in order")
        padded = (length + 511) // 512 * 512
        need(at + 512 + padded <= len(tar) - 1024, "the archive ends early")
        need(not any(tar[at + 512 + length:at + 512 + padded]), "something stands between entries")
        files[path] = tar[at + 512:at + 512 + length]
        at, before = at + 512 + padded, path
    return files


def as_number(text):
    # 1.0 and 1e0 are the number 1 to JSON.
    value = float(text)
    return int(value) if value.is_integer() else value


def manifest_of(data):
    try:
        m = json.loads(utf8(data), parse_float=as_number, parse_constant=refuse_number)
    except (ValueError, RecursionError):
        raise Malformed("the manifest is not JSON")
    need(isinstance(m, dict), "the manifest is not an object")
    get = m.get
    moment = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z"
    is_str = lambda v: isinstance(v, str)
    shape = lambda v, **tests: isinstance(v, dict) and all(test(v.get(name)) for name, test in tests.items())
    listed = lambda v, test: isinstance(v, list) and all(test(one) for one in v)

    def is_head(v):
        return shape(v, size=count, root=lambda r: is_str(r) and len(unbase64(r)) == 32)

    need(get("version") == PACK, "another version")
    need(all(is_str(get(name)) for name in ("tenant", "origin", "scope")), "texts")
    need(shape(get("period"), **{"from": lambda v: match(moment, v), "to": lambda v: match(moment, v)}) and match(moment, get("made_at")), "moments")
    need(isinstance(get("filters"), dict) and all(map(is_str, m["filters"].values())), "filters")
    need(shape(get("checkpoints"), to=is_head, **{"from": lambda v: v is None or is_head(v)}) and "from" in m["checkpoints"], "checkpoints")
    need(shape(get("leaves"), to=count, **{"from": count}), "leaves")
    need(shape(get("counts"), leaves=count, events=count, withheld=count), "counts")
    need("fields" not in m or shape(m["fields"], opened=count, withheld=count), "fields")
    need(get("chains") in ("all", "sessions", "parts"), "chains")
    need(shape(get("sessions"), begun_before=lambda v: listed(v, is_str), open_after=lambda v: listed(v, is_str)), "sessions")
    need(listed(get("controls"), lambda c: shape(c, id=lambda v: match("EP-[0-9]{2}", v), results=count, exceptions=count)), "controls")
    need(listed(get("policies"), lambda p: shape(p, version=count, digest=is_str, file=text_or_null) and "file" in p), "policies")
    need("seed" in m and text_or_null(m["seed"]) and shape(get("generator"), name=is_str, version=is_str), "seed, generator")
    need(isinstance(get("files"), dict) and all(match("[0-9a-f]{64}", v) for v in m["files"].values()), "files")
    return m


OPENINGS = "openings.jsonl"
ALWAYS = ["leaves.jsonl", "proofs/checkpoint-to", "proofs/range", "mappings.json", "redactions.csv", "VERIFY.md"]
OLDER = ["proofs/checkpoint-from", "proofs/consistency"]
OWN = ["manifest.json", "manifest.sig"]
FOLDERS = ("controls/", "policy/", "keys/", "extra/", "proofs/")


# ------------------------------------------------------------------------------------------------------------------------------- section 4

def verify_pack(data, keys, kept, witnesses, producers, rotations, authorities, found):
    try:
        files = archive_of(data)
    except Malformed as error:
        return found.say(TAMPERED, f"archive: {error}")
    if "manifest.json" not in files:
        return found.say(TAMPERED, "no manifest")
    try:
        m = manifest_of(files["manifest.json"])
    except Malformed as error:
        return found.say(TAMPERED, f"manifest.json: {error}")
    notes = [(path, data) for path, data in files.items() if path.startswith("proofs/key-rotations/")]
    keys = follow_rotations(keys, notes + rotations, found)
    check_signature(files, m, keys, found)
    check_files(files, m, found)
    older, newer = check_checkpoints(files, m, keys, witnesses, found)
    check_timestamps(files, authorities, found)
    known = known_roots(m, older, newer, keys, kept, found)
    if "leaves.jsonl" in files:
        check_leaves(files, m, newer, known, producers, found)


def check_timestamps(files, authorities, found):
    """RFC 3161, by openssl. A token that does not hold says nothing; the newer checkpoint needs one that does."""
    if not authorities:
        return
    note = files.get("proofs/checkpoint-to", b"")
    text = note[:note.rfind(b"\n\n") + 1]
    tokens = [data for path, data in files.items() if path.startswith("proofs/timestamps/to-")]
    if not any(stamped(token, text, authorities) for token in tokens):
        found.say(UNTRUSTED, "proofs/checkpoint-to: no authority that is trusted has seen it")


def stamped(token, text, authorities):
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name) for name in ("token", "text", "roots")}
        for name, data in (("token", token), ("text", text), ("roots", b"\n".join(read(path) for path in authorities))):
            with open(paths[name], "wb") as file:
                file.write(data)
        done = subprocess.run(
            ["openssl", "ts", "-verify", "-token_in", "-in", paths["token"], "-data", paths["text"], "-CAfile", paths["roots"]],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return done.returncode == 0


def check_signature(files, m, keys, found):
    if "manifest.sig" not in files:
        return found.say(UNTRUSTED, "manifest.sig: nobody has signed the pack")
    note, signers = open_note(files["manifest.sig"], keys, "manifest.sig", found)
    if note is None:
        return
    if note.text != f"{PACK}\n{m['origin']}\n{sha(files['manifest.json']).hex()}\n":
        found.say(TAMPERED, "manifest.json: not the one that was signed")
    log = log_of(m["origin"])
    if log is None or (signers and log not in signers):
        found.say(TAMPERED, "manifest.sig: signed by another log's key")


def check_files(files, m, found):
    for path, data in files.items():
        if path not in ALWAYS + OLDER + OWN + [OPENINGS] and not path.startswith(FOLDERS):
            found.say(TAMPERED, f"{path}: no file stands there")
        elif path not in OWN and m["files"].get(path) != sha(data).hex():
            found.say(TAMPERED, f"{path}: not the file that the manifest names")
        if path.startswith("keys/"):
            try:
                text = utf8(data)
                need(text.endswith("\n"), "not a line")
                Key(text[:-1])
            except Malformed as error:
                found.say(TAMPERED, f"{path}: {error}")
    named = [f"controls/{c['id']}/{name}" for c in m["controls"] for name in ("result.csv", "exceptions.csv", "query.sql", "narrative.md")]
    named += [p["file"] for p in m["policies"] if p["file"] is not None]
    for path in named:
        if path not in m["files"]:
            found.say(INCOMPLETE, f"{path}: the manifest speaks of it and does not list it")
    for path in set(ALWAYS + (OLDER if m["checkpoints"]["from"] is not None else []) + ([OPENINGS] if "fields" in m else []) + list(m["files"])):
        if path not in files:
            found.say(INCOMPLETE, f"{path}: not in the pack")


def check_checkpoints(files, m, keys, witnesses, found):
    def one(path, said):
        if path not in files:
            return None, None
        checkpoint, note = open_checkpoint(files[path], keys, path, found)
        if checkpoint is not None:
            if checkpoint.origin != m["origin"]:
                found.say(TAMPERED, f"{path}: another origin")
            if checkpoint.size != said["size"] or checkpoint.root != unbase64(said["root"]):
                found.say(TAMPERED, f"{path}: not the one of the manifest")
        return checkpoint, note

    newer, note = one("proofs/checkpoint-to", m["checkpoints"]["to"])
    older = None
    if m["checkpoints"]["from"] is not None:
        older, _ = one("proofs/checkpoint-from", m["checkpoints"]["from"])
    if older is not None and newer is not None and "proofs/consistency" in files:
        try:
            consistency(older.size, newer.size, older.root, newer.root, hashes_of(files["proofs/consistency"]))
        except Malformed as error:
            found.say(TAMPERED, f"proofs/consistency: {error}")
    if not m["leaves"]["from"] <= m["leaves"]["to"] <= m["checkpoints"]["to"]["size"]:
        found.say(TAMPERED, "manifest.json: the leaves are not in the tree")
    if note is not None:
        check_witnesses(note, keys, witnesses, "proofs/checkpoint-to", found)
    return older, newer


def known_roots(m, older, newer, keys, kept, found):
    a, b = m["leaves"]["from"], m["leaves"]["to"]
    known = []
    if older is not None and a <= older.size <= b:
        known.append((older.size, older.root, "proofs/checkpoint-from"))
    for name, data in kept:
        mine, _ = open_checkpoint(data, keys, name, found)
        if mine is None or mine.origin != m["origin"]:
            continue
        same = [one for one in (older, newer) if one is not None and one.size == mine.size]
        if mine.size > m["checkpoints"]["to"]["size"]:
            found.say(INCOMPLETE, f"{name}: the pack is older than this checkpoint")
        elif same:
            if same[0].root != mine.root:
                found.say(TAMPERED, f"{name}: two histories")
        elif a <= mine.size <= b:
            known.append((mine.size, mine.root, name))
    return known


LEAF = re.compile(rb'\{"i":([0-9]{1,16}),"(event|hash)":"([A-Za-z0-9+/=]*)"\}')


def check_leaves(files, m, newer, known, producers, found):
    a, b = m["leaves"]["from"], m["leaves"]["to"]
    proof = None
    try:
        if "proofs/range" in files:
            proof = RangeProof(files["proofs/range"])
            need((proof.a, proof.b, proof.n) == (a, b, m["checkpoints"]["to"]["size"]), "not of these leaves")
    except Malformed as error:
        found.say(TAMPERED, f"proofs/range: {error}")
        proof = None
    stack = Stack()
    if proof is not None:
        for (start, length), value in zip(proof.before(), proof.left):
            stack.push(start, length, value)

    def compare(size):
        for at, root, name in known:
            if proof is not None and at == size and stack.root() != root:
                found.say(TAMPERED, f"{name}: the leaves have another root")

    lines = files["leaves.jsonl"].split(b"\n")
    tail = lines.pop()
    good, expected, withheld, events, chains = True, a, 0, [], Chains(found)
    ids, by_leaf = set(), {}
    shown = 0
    compare(a)
    if tail:
        found.say(TAMPERED, "leaves.jsonl: the last line does not end")
        good = False
    for line in lines:
        try:
            parts = LEAF.fullmatch(line)
            need(parts is not None, "not a line of leaves.jsonl")
            index, form, data = decimal(parts.group(1).decode()), parts.group(2), unbase64(parts.group(3))
            need(form == b"event" or len(data) == 32, "not a hash")
        except Malformed as error:
            found.say(TAMPERED, f"leaves.jsonl: {error}")
            good = False
            continue
        if expected < index < b:
            found.say(INCOMPLETE, f"leaves.jsonl: leaves {expected} to {index - 1} are missing")
            good = False
        elif index != expected or index >= b:
            found.say(TAMPERED, f"leaves.jsonl: leaf {index} is out of order, twice, or outside")
            good = False
        expected = max(expected, min(index, b - 1) + 1)
        if good:
            stack.push(index, 1, leaf_hash(data) if form == b"event" else data)
            compare(index + 1)
        if form == b"hash":
            withheld += 1
            continue
        shown += 1
        try:
            event = event_of(data)
        except Malformed as error:
            found.say(TAMPERED, f"leaf {index}: {error}")
            continue
        if event["tenant"] != m["tenant"]:
            found.say(TAMPERED, f"leaf {index}: another tenant")
        if event["id"] in ids:
            found.say(TAMPERED, f"leaf {index}: a second event with this id")
        ids.add(event["id"])
        events.append(event)
        chains.add(event, data)
        by_leaf[index] = event
    if expected < b:
        found.say(INCOMPLETE, f"leaves.jsonl: leaves end at {expected}, not at {b}")
        good = False
    if m["counts"] != {**m["counts"], "leaves": b - a, "events": shown, "withheld": withheld}:
        found.say(TAMPERED, "leaves.jsonl: not as many as the manifest counts")
    if good and proof is not None and newer is not None:
        for (start, length), value in zip(proof.behind(), proof.right):
            stack.push(start, length, value)
        if stack.root() != newer.root:
            found.say(TAMPERED, "leaves.jsonl: not the leaves of the signed checkpoint")
    chains.finish(m["chains"], a == 0, withheld == 0, m["sessions"]["begun_before"], m["sessions"]["open_after"])
    check_openings(files, m, by_leaf, found)
    check_counters(events, a == 0, withheld, found)
    check_ends(events, producers, found)
    if withheld == 0:
        check_silences(events, found)


OPENING = re.compile(rb'\{"i":([0-9]{1,16}),"open":"([A-Za-z0-9_-]+)"\}')


def disclosure_of(text):
    """RFC 9901, 4.2.1: base64url of [salt, name, value]; here the name is a path."""
    try:
        parts = json.loads(utf8(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4))), parse_constant=refuse_number)
    except (ValueError, RecursionError):
        raise Malformed("not a disclosure")
    need(isinstance(parts, list) and len(parts) == 3 and all(isinstance(part, str) for part in parts[:2]) and len(parts[0]) >= 22, "not a disclosure")
    return parts


def commitments_of(event):
    found = event["d"].get("_sd")
    if not isinstance(found, dict) or not all(match("[A-Za-z0-9_-]{43}", digest) for digest in found.values()):
        return {}
    return found


def check_openings(files, m, events, found):
    lines = files.get(OPENINGS, b"").split(b"\n")
    opened, done, last = 0, set(), None
    if lines.pop():
        found.say(TAMPERED, f"{OPENINGS}: the last line does not end")
    for line in lines:
        try:
            parts = OPENING.fullmatch(line)
            need(parts is not None, "not a line of openings.jsonl")
            key = (decimal(parts.group(1).decode()), parts.group(2))
            need(last is None or key > last, "out of order, or twice")
        except Malformed as error:
            found.say(TAMPERED, f"{OPENINGS}: {error}")
            continue
        last = key
        opened += 1
        try:
            need(key[0] in events, "of a leaf that shows no event")
            path = disclosure_of(key[1])[1]
            digest = base64.urlsafe_b64encode(sha(key[1])).rstrip(b"=").decode()
            need(commitments_of(events[key[0]]).get(path) == digest, "nothing that its event commits to")
            done.add((key[0], path))
        except Malformed as error:
            found.say(TAMPERED, f"{OPENINGS}: leaf {key[0]}: {error}")
    withheld = sum((leaf, path) not in done for leaf, event in events.items() for path in commitments_of(event))
    said = m.get("fields", {"opened": 0, "withheld": withheld})
    if (said["opened"], said["withheld"]) != (opened, withheld):
        found.say(TAMPERED, f"{OPENINGS}: not as many as the manifest counts")


# ------------------------------------------------------------------------------------------------------------------------------------- 4.1

def verify_session(data, producers, found):
    lines = data.split(b"\n")
    if lines.pop():
        found.say(TAMPERED, "the last line does not end")
    if not lines:
        found.say(INCOMPLETE, "there is no event")
    chains, ids, last, events = Chains(found), set(), {}, []
    for place, line in enumerate(lines):
        parts = LEAF.fullmatch(line)
        try:
            stored = unbase64(parts.group(3)) if parts is not None and parts.group(2) == b"event" else line
            event = event_of(stored)
        except Malformed as error:
            found.say(TAMPERED, f"line {place}: {error}")
            continue
        if event["id"] in ids:
            found.say(TAMPERED, f"line {place}: a second event with this id")
        ids.add(event["id"])
        seq, pseq = last.get(event["sid"], (-1, 0))
        session = event["sid"] != event["prod"]["epoch"]
        if event["seq"] < seq or (session and event["prod"]["pseq"] <= pseq):
            found.say(TAMPERED, f"line {place}: out of order")
        last[event["sid"]] = (event["seq"], event["prod"]["pseq"])
        chains.add(event, stored)
        events.append(event)
    chains.finish("all", True, False, [], [])
    check_ends(events, producers, found)


def verify_proof(data, event, keys, found):
    try:
        text = utf8(data)
        split = text.find("\n\n")
        need(split != -1, "no empty line")
        lines = text[:split].split("\n")
        need(lines.pop(0) == "c2sp.org/tlog-proof@v1", "not a tlog-proof")
        if lines and lines[0].startswith("extra "):
            unbase64(lines.pop(0)[6:])
        need(lines and lines[0].startswith("index "), "no index")
        index, proof = decimal(lines[0][6:]), [unhash(line) for line in lines[1:]]
    except Malformed as error:
        return found.say(TAMPERED, f"proof: {error}")
    checkpoint, _ = open_checkpoint(text[split + 2:].encode(), keys, "proof", found)
    if checkpoint is None:
        return None
    try:
        inclusion(index, checkpoint.size, leaf_hash(event), proof, checkpoint.root)
    except Malformed as error:
        found.say(TAMPERED, f"proof: {error}")


def verify_growth(a, b, proof, keys, found):
    one, _ = open_checkpoint(a, keys, "the first", found)
    two, _ = open_checkpoint(b, keys, "the second", found)
    if one is None or two is None:
        return
    if one.origin != two.origin:
        found.say(TAMPERED, "different logs or epochs")
    older, newer = (one, two) if one.size <= two.size else (two, one)
    try:
        consistency(older.size, newer.size, older.root, newer.root, hashes_of(proof))
    except Malformed as error:
        found.say(TAMPERED, f"proof: {error}")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    pack = commands.add_parser("pack")
    pack.add_argument("file")
    pack.add_argument("--checkpoint", action="append", default=[])
    pack.add_argument("--witnesses", type=int, default=0)
    pack.add_argument("--tsa", action="append", default=[])
    session = commands.add_parser("session")
    session.add_argument("file")
    proof = commands.add_parser("proof")
    proof.add_argument("file")
    proof.add_argument("--event", required=True)
    growth = commands.add_parser("consistency")
    growth.add_argument("a")
    growth.add_argument("b")
    growth.add_argument("--proof", required=True)
    for command in (pack, session):
        command.add_argument("--producer-key", action="append", default=[])
    for command in (pack, proof, growth):
        command.add_argument("--rotation", action="append", default=[])
        command.add_argument("--key", action="append", default=[])
    args = parser.parse_args()
    found = Findings()
    try:
        keys = [Key(key.strip()) for key in getattr(args, "key", [])]
    except Malformed as error:
        parser.error(str(error))
    rotations = [(path, read(path)) for path in getattr(args, "rotation", [])]
    if args.command in ("proof", "consistency"):
        keys = follow_rotations(keys, rotations, found)
    if args.command == "pack":
        verify_pack(read(args.file), keys, [(path, read(path)) for path in args.checkpoint], args.witnesses, args.producer_key, rotations, args.tsa, found)
    elif args.command == "session":
        verify_session(read(args.file), args.producer_key, found)
    elif args.command == "proof":
        verify_proof(read(args.file), read(args.event), keys, found)
    else:
        verify_growth(read(args.a), read(args.b), read(args.proof), keys, found)
    for verdict, what in found.all:
        print(f"{verdict}: {what.encode('unicode_escape').decode()}")
    sys.exit(found.code())


main()
