using System.Text;

namespace Parcae.EndToEnd.Terminals;

/// <summary>What a terminal shows after everything that was written to it: as much of ECMA-48 as a live display needs.</summary>
internal sealed class Screen(int width, int height)
{
    private readonly List<StringBuilder> _lines = [.. Enumerable.Range(0, height).Select(_ => new StringBuilder())];
    private readonly StringBuilder _escape = new();
    private int _row, _column;

    /// <summary>The lines, without spaces at their ends.</summary>
    public string Text => string.Join('\n', _lines.Select(l => l.ToString().TrimEnd()));

    /// <summary>Whether the cursor is to be seen.</summary>
    public bool CursorVisible { get; private set; } = true;

    /// <summary>Whether any colour was set so far.</summary>
    public bool HadColours { get; private set; }

    /// <summary>Takes what a program writes.</summary>
    public void Write(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (_escape.Length > 0) Escape(c);
            else if (c == '\u001b') _escape.Append(c);
            else if (c == '\r') _column = 0;
            else if (c == '\n') Down();
            else if (c == '\b') _column = Math.Max(0, _column - 1);
            else if (!char.IsControl(c)) Put(c);
        }
    }

    private void Put(char c)
    {
        if (_column == width)
        {
            _column = 0;
            Down();
        }

        var line = _lines[_row];
        while (line.Length <= _column) line.Append(' ');
        line[_column++] = c;
    }

    private void Down()
    {
        if (++_row < height) return;
        _row = height - 1;
        _lines.RemoveAt(0);
        _lines.Add(new StringBuilder());
    }

    private void Escape(char c)
    {
        _escape.Append(c);
        if (_escape.Length == 2)
        {
            // Only sequences that begin with a bracket are longer, and those that choose letters.
            if (c is not ('[' or ']' or '(')) _escape.Clear();
            return;
        }

        if (_escape[1] != '[')
        {
            // A title ends with a bell.
            if (_escape[1] == '(' || c == '\a') _escape.Clear();
            return;
        }

        if (c is < '@' or > '~') return;
        string arguments = _escape.ToString(2, _escape.Length - 3);
        _escape.Clear();
        int[] numbers = [.. arguments.TrimStart('?').Split(';').Select(a => int.TryParse(a, out int n) ? n : 0)];
        int count = Math.Max(1, numbers[0]);
        switch (c)
        {
            case 'A': _row = Math.Max(0, _row - count); break;
            case 'B': _row = Math.Min(height - 1, _row + count); break;
            case 'C': _column = Math.Min(width - 1, _column + count); break;
            case 'D': _column = Math.Max(0, _column - count); break;
            case 'G': _column = Math.Min(width - 1, count - 1); break;
            case 'H': (_row, _column) = (Math.Min(height, count) - 1, Math.Min(width, Math.Max(1, numbers.ElementAtOrDefault(1))) - 1); break;
            case 'J': foreach (var line in numbers[0] == 2 ? _lines : _lines.Skip(_row + 1)) line.Clear(); break;
            case 'K': Clear(numbers[0]); break;
            case 'm': HadColours |= Array.Exists(numbers, n => n is >= 30 and <= 37 or 38 or >= 90 and <= 97); break;
            case 'h' or 'l': if (arguments == "?25") CursorVisible = c == 'h'; break;
        }
    }

    private void Clear(int what)
    {
        var line = _lines[_row];
        if (what == 2) line.Clear();
        else if (what == 0 && line.Length > _column) line.Length = _column;
        else if (what == 1) for (int i = 0; i < Math.Min(line.Length, _column + 1); i++) line[i] = ' ';
    }
}
