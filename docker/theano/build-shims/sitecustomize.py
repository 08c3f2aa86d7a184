"""On PYTHONPATH while Theano's sdist is built: its setup.py uses names that Python 3.12 removed."""

import configparser

if not hasattr(configparser, "SafeConfigParser"):
    configparser.SafeConfigParser = configparser.ConfigParser
    configparser.ConfigParser.readfp = configparser.ConfigParser.read_file
