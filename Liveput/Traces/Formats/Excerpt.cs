using System.Text;

namespace Parcae.Liveput.Traces.Formats;

/// <summary>What an error shows of a file: short, and nothing that a terminal would act on.</summary>
internal static class Excerpt
{
    private const int MaxLength = 40;

    public static string Of(ReadOnlySpan<byte> text)
    {
        string shown = Encoding.UTF8.GetString(text.Length > MaxLength ? text[..MaxLength] : text);
        return string.Concat(shown.Select(c => char.IsControl(c) ? '?' : c)) + (text.Length > MaxLength ? "..." : "");
    }

    public static string Of(string text) => Of(Encoding.UTF8.GetBytes(text.Length > MaxLength ? text[..(MaxLength + 1)] : text));
}
