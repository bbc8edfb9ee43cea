using System.Text;

namespace Parcae.Liveput.Traces.Formats;

/// <summary>What an error shows of a file: short, and nothing that a terminal would act on.</summary>
internal static class Excerpt
{
    private const int MaxLength = 40;

    public static string Of(ReadOnlySpan<byte> text) => Of(Encoding.UTF8.GetString(text[..Math.Min(text.Length, 4 * (MaxLength + 1))]));

    public static string Of(string text, int most = MaxLength) =>
        string.Concat(text.Take(most).Select(c => char.IsControl(c) ? '?' : c)) + (text.Length > most ? "..." : "");
}
