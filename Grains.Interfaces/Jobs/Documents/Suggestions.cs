namespace Parcae.Grains.Documents;

/// <summary>What a field that there is not may have been meant to be.</summary>
internal static class Suggestions
{
    /// <summary><c>did you mean globalBatch?</c>, or the fields that there are.</summary>
    /// <param name="group">Path of the group; empty for the whole document.</param>
    /// <param name="typed">The name that is wrong.</param>
    public static string For(string group, string typed)
    {
        string[] all = [.. AllPaths(SpecFields.Root, "")];
        string prefix = group.Length == 0 ? "" : $"{group}.";
        string[] here = [.. all.Where(p => p.StartsWith(prefix, StringComparison.Ordinal) && !p[prefix.Length..].Contains('.')).Select(p => p[prefix.Length..])];
        if (Nearest(typed, here) is { } near) return $"did you mean {near}?";
        // The right name in the wrong group.
        string[] paths = [.. all.Where(p => Plain(p[(p.LastIndexOf('.') + 1)..]) == Plain(typed))];
        return paths.Length > 0 ? $"did you mean {string.Join(" or ", paths)}?" : $"it must be one of {string.Join(", ", here)}.";
    }

    /// <summary>The known word that is nearest to what was typed, or null when none is near.</summary>
    public static string? Nearest(string typed, IEnumerable<string> known)
    {
        string plain = Plain(typed);
        var near = known.Select(k => (Word: k, Distance: Distance(plain, Plain(k)))).Where(k => k.Distance <= Math.Max(1, plain.Length / 3)).ToArray();
        return near.Length > 0 ? near.MinBy(k => k.Distance).Word : null;
    }

    private static IEnumerable<string> AllPaths(SpecFields fields, string prefix)
    {
        foreach (var field in fields.Fields)
        {
            yield return prefix + field.Name;
            if (!field.IsGroup) continue;
            foreach (string path in AllPaths(SpecFields.Of(field.Type), $"{prefix}{field.Name}.")) yield return path;
        }

        if (fields.Type == typeof(ModelSpec)) yield return prefix + SpecBinder.Preset;
    }

    /// <summary>Without what people write differently: <c>global_batch</c>, <c>GlobalBatch</c>.</summary>
    private static string Plain(string name) => string.Concat(name.Where(char.IsLetterOrDigit)).ToLowerInvariant();

    /// <summary>Letters to insert, take away, replace, or swap with their neighbour (optimal string alignment).</summary>
    private static int Distance(string a, string b)
    {
        int[,] d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                d[i, j] = Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }

        return d[a.Length, b.Length];
    }
}
