"""Make the environment `.venv` of this checkout from the locked versions, or say what is missing.

Any Python 3 can read this file, so that a too old one can still say so in one line. The work is
done by the newest suitable Python among the usual names, or by the one that PYTHON names. When lock
file, project file and interpreter are those of the last time, nothing is done.
"""

import hashlib
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ENVIRONMENT = os.path.join(ROOT, ".venv")
STAMP = os.path.join(ENVIRONMENT, "setup.stamp")
LOCK = os.path.join(ROOT, "requirements.lock")
NAMES = ("python3.11", "python3.12", "python3.13", "python3")
OLDEST = (3, 11)
PROBE = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


class SetupError(Exception):
    """Something is missing that a person has to provide; the message is the remedy."""


def version_of(command):
    """Return the version of a Python as three numbers, or None if it does not run."""
    try:
        with open(os.devnull, "w") as nowhere:
            output = subprocess.check_output([command, "-c", PROBE], stderr=nowhere)
        return tuple(int(part) for part in output.decode().strip().split("."))
    except (OSError, subprocess.CalledProcessError, ValueError):
        return None


def find_python():
    """Return the first suitable Python: PYTHON if given, then the usual names, then this one."""
    wanted = os.environ.get("PYTHON")
    for name in (wanted,) if wanted else (*NAMES, sys.executable):
        version = version_of(name)
        if version is not None and version >= OLDEST:
            return name
    if wanted:
        version = version_of(wanted)
        found = "does not run" if version is None else "is %d.%d.%d" % version
        raise SetupError(
            "PYTHON=%s %s. Name a Python 3.11 or newer: make setup PYTHON=/path/to/python3.11"
            % (wanted, found)
        )
    raise SetupError(
        "Python 3.11 or newer is missing (this is %d.%d.%d). "
        "Install it, or name it: make setup PYTHON=/path/to/python3.11" % sys.version_info[:3]
    )


def fingerprint():
    """Return a mark of everything the environment is made from."""
    digest = hashlib.sha256(ENVIRONMENT.encode())
    for path in (LOCK, os.path.join(ROOT, "pyproject.toml"), os.path.abspath(__file__)):
        with open(path, "rb") as source:
            digest.update(source.read())
    return digest.hexdigest()


def is_current():
    """Tell whether the environment was made from exactly these files, at this place, and runs."""
    try:
        with open(STAMP) as stamp:
            same = stamp.read().strip() == fingerprint()
    except (IOError, OSError):
        return False
    return same and suits(version_of(inside("python")))


def suits(version):
    """Tell whether the environment's Python runs, is new enough, and is the one asked for."""
    wanted = os.environ.get("PYTHON")
    if version is None or version < OLDEST:
        return False
    return not wanted or version_of(wanted) == version


def inside(program):
    """Return the path of a program of the environment."""
    return os.path.join(ENVIRONMENT, "bin", program)


def run(command, remedy):
    """Run a command; when it fails, show its last words and the remedy."""
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment()
    )
    output, _ = process.communicate()
    if process.returncode != 0:
        lines = output.decode("utf-8", "replace").strip().splitlines()
        raise SetupError("\n".join([*lines[-4:], remedy]))


def environment():
    """Return the environment without what would divert Python or pip from `.venv`."""
    diverting = (
        "PYTHONHOME",
        "PYTHONPATH",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_USER",
        "PIP_REQUIRE_VIRTUALENV",
    )
    kept = {key: value for key, value in os.environ.items() if key not in diverting}
    if not kept.get("HOME"):
        kept["PIP_NO_CACHE_DIR"] = "1"
    kept["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    return kept


def check_prerequisites(python):
    """Refuse early, in one line, what would fail later in many."""
    if not os.access(ROOT, os.W_OK):
        raise SetupError("The folder %s cannot be written. Make it writable for you." % ROOT)
    if os.path.isdir(ENVIRONMENT) and not os.access(ENVIRONMENT, os.W_OK):
        raise SetupError(
            "The folder %s cannot be written. Make it yours, or remove it." % ENVIRONMENT
        )
    with open(os.devnull, "w") as nowhere:
        code = subprocess.call(
            [python, "-c", "import venv, ensurepip"], stdout=nowhere, stderr=nowhere
        )
    if code != 0:
        raise SetupError(
            "%s lacks the modules venv and ensurepip. On Debian or Ubuntu install the package "
            "python3-venv; elsewhere a complete Python." % python
        )


def make_environment(python):
    """Create `.venv` anew when it is absent or broken, and install exactly what the lock names."""
    if not suits(version_of(inside("python"))) or not os.path.exists(inside("pip")):
        run([python, "-m", "venv", "--clear", ENVIRONMENT], "The environment could not be made.")
    remedy = (
        "The locked packages could not be installed. Check the network, then `make setup` again."
    )
    pip = [inside("python"), "-m", "pip", "install", "--quiet", "--no-deps"]
    run([*pip, "--require-hashes", "-r", LOCK], remedy)
    remedy = "The project itself could not be installed into .venv."
    run([*pip, "--no-build-isolation", "--editable", ROOT], remedy)


def main():
    """Do what is needed and say so; return the exit code."""
    try:
        if is_current():
            return 0
        python = find_python()
        check_prerequisites(python)
        print("Making the environment .venv (once; about a minute) ...")
        sys.stdout.flush()
        make_environment(python)
        with open(STAMP, "w") as stamp:
            stamp.write(fingerprint() + "\n")
        print("Ready.")
    except SetupError as error:
        sys.stderr.write("%s\n" % error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
