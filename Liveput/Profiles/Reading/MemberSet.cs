using System.Text.Json;

namespace Parcae.Liveput.Profiles.Reading;

/// <summary>The members that an object of a profile may have.</summary>
/// <param name="of">What the object is, for messages.</param>
/// <param name="required">Those that it must have; never null in the file.</param>
/// <param name="optional">Those that it may have; null in the file is the same as not there.</param>
internal sealed class MemberSet(string of, string[] required, string[] optional)
{
    private readonly string[] _names = [.. required, .. optional];

    public string Of => of;

    /// <summary>The required members, in words.</summary>
    public string Required { get; } = required.Length switch
    {
        0 => "",
        1 => required[0],
        _ => $"{string.Join(", ", required[..^1])} and {required[^1]}",
    };

    /// <summary>All members, in words.</summary>
    public string All => string.Join(", ", _names);

    public string this[int index] => _names[index];

    public bool IsOptional(int index) => index >= required.Length;

    /// <summary>The first required member that was not seen (bits by index), or null.</summary>
    public string? Missing(ulong seen)
    {
        for (int i = 0; i < required.Length; i++)
        {
            if ((seen & (1UL << i)) == 0) return required[i];
        }

        return null;
    }

    /// <summary>Which member the reader's property name is, or -1.</summary>
    public int IndexOf(in Utf8JsonReader reader)
    {
        for (int i = 0; i < _names.Length; i++)
        {
            if (reader.ValueTextEquals(_names[i])) return i;
        }

        return -1;
    }
}
