using System.Buffers;
using System.Globalization;
using System.Text;

namespace Parcae.GpuWorker.Data;

/// <summary>
/// Cuts text into the words that byte-pair encoding merges within, as GPT-2's pattern does:
/// <c>'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+</c>. Written out, because .NET's regular expressions see halves of the
/// characters beyond U+FFFF, which are no letters to them.
/// </summary>
internal static class Words
{
    /// <summary>
    /// Longer words are cut here, in UTF-16 units: merging takes time with the square of a word's length. A text with such words (there are none in prose) has a
    /// few tokens more than GPT-2's own tokenizer gives it.
    /// </summary>
    public const int Longest = 4096;

    private static readonly string[] Endings = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum CharacterClass
    {
        Letter,
        Number,
        Space,
        Other,
    }

    /// <summary>Length of the first word of a text that is not empty, in UTF-16 units.</summary>
    public static int FirstLength(ReadOnlySpan<char> text)
    {
        int length = Uncut(text);
        if (length <= Longest) return length;
        return char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest;
    }

    private static int Uncut(ReadOnlySpan<char> text)
    {
        if (text[0] == '\'')
        {
            foreach (var ending in Endings)
            {
                if (text.StartsWith(ending, StringComparison.Ordinal)) return ending.Length;
            }
        }

        // One space belongs to the word after it.
        int lead = text[0] == ' ' && text.Length > 1 ? 1 : 0;
        var (first, width) = ClassAt(text[lead..]);
        if (first != CharacterClass.Space) return lead + width + Run(text[(lead + width)..], first);
        int spaces = Run(text, CharacterClass.Space);
        // The last of several spaces is left for the word that follows.
        return spaces == text.Length || spaces == 1 ? spaces : spaces - 1;
    }

    private static int Run(ReadOnlySpan<char> text, CharacterClass of)
    {
        int length = 0;
        while (length < text.Length)
        {
            var (next, width) = ClassAt(text[length..]);
            if (next != of) break;
            length += width;
        }

        return length;
    }

    private static (CharacterClass Class, int Width) ClassAt(ReadOnlySpan<char> text)
    {
        // Half a surrogate pair is neither letter, number nor space.
        if (Rune.DecodeFromUtf16(text, out var rune, out int width) != OperationStatus.Done) return (CharacterClass.Other, width);
        if (rune.IsAscii)
        {
            int c = rune.Value;
            if (c is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z')) return (CharacterClass.Letter, 1);
            return (c is >= '0' and <= '9' ? CharacterClass.Number : c is ' ' or (>= '\t' and <= '\r') ? CharacterClass.Space : CharacterClass.Other, 1);
        }

        return (Rune.GetUnicodeCategory(rune) switch
        {
            <= UnicodeCategory.OtherLetter => CharacterClass.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
            _ => Rune.IsWhiteSpace(rune) ? CharacterClass.Space : CharacterClass.Other,
        }, width);
    }
}
