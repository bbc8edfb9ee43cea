namespace Parcae.Infra.Tests.Terraform;

/// <summary>A block of a Terraform file: its type and labels, its arguments with their expressions as text, and the blocks within.</summary>
/// <param name="Type">Its first word.</param>
/// <param name="Labels">What follows in quotes.</param>
/// <param name="Where">File and line.</param>
internal sealed record HclBlock(string Type, IReadOnlyList<string> Labels, string Where)
{
    /// <summary>Arguments by name.</summary>
    public Dictionary<string, string> Arguments { get; } = new(StringComparer.Ordinal);

    /// <summary>Blocks in it.</summary>
    public List<HclBlock> Blocks { get; } = [];

    /// <summary>It and all blocks in it.</summary>
    public IEnumerable<HclBlock> All => Blocks.SelectMany(b => b.All).Prepend(this);
}

/// <summary>Reads the structure of Terraform files: blocks and arguments. Expressions stay text. Heredocs are not known.</summary>
internal sealed class Hcl
{
    private readonly string _text;
    private readonly string _file;
    private int _at;

    private Hcl(string file, string text) => (_file, _text) = (file, text);

    /// <summary>The blocks of a file.</summary>
    /// <exception cref="FormatException">It is not what it should be; the message has the line.</exception>
    public static IReadOnlyList<HclBlock> Read(string file, string text)
    {
        var hcl = new Hcl(file, text);
        var root = new HclBlock("", [], file);
        hcl.ReadBody(root);
        return hcl._at == text.Length ? root.Blocks : throw hcl.Wrong("a brace that nothing opened");
    }

    private void ReadBody(HclBlock into)
    {
        while (true)
        {
            SkipBlank();
            if (_at == _text.Length || _text[_at] == '}') return;
            string where = Where;
            string name = ReadWord();
            SkipSpaces();
            if (_text[_at] == '=')
            {
                _at++;
                if (!into.Arguments.TryAdd(name, ReadExpression())) throw Wrong($"{name} a second time");
                continue;
            }

            var labels = new List<string>();
            while (_text[_at] == '"')
            {
                int end = _text.IndexOf('"', _at + 1);
                labels.Add(_text[(_at + 1)..end]);
                _at = end + 1;
                SkipSpaces();
            }

            if (_text[_at] != '{') throw Wrong($"'{_text[_at]}' after {name}");
            _at++;
            var block = new HclBlock(name, labels, where);
            into.Blocks.Add(block);
            ReadBody(block);
            if (_at == _text.Length) throw Wrong($"the end of the file in the block of {where}");
            _at++;
        }
    }

    private string ReadWord()
    {
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] is '_' or '-')) _at++;
        return _at > start ? _text[start.._at] : throw Wrong($"'{_text[_at]}' in the place of a name");
    }

    // To the end of the line on which all brackets are closed, or the brace that closes a block of one line.
    private string ReadExpression()
    {
        int start = _at, depth = 0;
        for (; _at < _text.Length; _at++)
        {
            char c = _text[_at];
            if (c == '"') SkipString();
            else if (c == '#') _at = _text.IndexOf('\n', _at) - 1;
            else if (c is '(' or '[' or '{') depth++;
            else if (c is ')' or ']' or '}' && depth-- == 0) break;
            else if (c == '\n' && depth == 0) break;
        }

        return _text[start.._at].Trim();
    }

    // Stays on the quote that ends it; "${...}" may have strings in it.
    private void SkipString()
    {
        for (_at++; _text[_at] != '"'; _at++)
        {
            if (_text[_at] == '\n') throw Wrong("a line's end in a text");
            if (_text[_at] == '\\') _at++;
            if (_text[_at] != '$' || _text[_at + 1] != '{' || _text[_at - 1] == '$') continue;
            int depth = 0;
            for (_at++; ; _at++)
            {
                if (_text[_at] == '"') SkipString();
                else if (_text[_at] == '{') depth++;
                else if (_text[_at] == '}' && --depth == 0) break;
            }
        }
    }

    private void SkipBlank()
    {
        while (_at < _text.Length)
        {
            if (char.IsWhiteSpace(_text[_at])) _at++;
            else if (_text[_at] == '#') _at = _text.IndexOf('\n', _at);
            else return;
        }
    }

    private void SkipSpaces()
    {
        while (_text[_at] == ' ') _at++;
    }

    private string Where => $"{_file}:{_text.AsSpan(0, Math.Min(_at, _text.Length)).Count('\n') + 1}";

    private FormatException Wrong(string what) => new($"{Where}: there is {what}.");
}
