namespace Parcae.Grains.Documents;

/// <summary>Fields of a document that are set from outside, by their paths.</summary>
internal static class Overrides
{
    /// <summary>Sets one; groups on the way are made where there are none.</summary>
    public static void Apply(MapNode root, string path, string value, List<DocumentProblem> problems)
    {
        string[] names = path.Split('.');
        if (Array.Exists(names, string.IsNullOrWhiteSpace))
        {
            problems.Add(new DocumentProblem(path, "this is no path of a field; it must be like training.steps."));
            return;
        }

        var group = root;
        for (int i = 0; i < names.Length - 1; i++)
        {
            if (group[names[i]] is null) group.Set(names[i], new MapNode(null));
            if (group[names[i]] is not MapNode inner)
            {
                problems.Add(new DocumentProblem(path, $"{string.Join('.', names[..(i + 1)])} is {group[names[i]]!.Shown} in the document; it must be a group of fields."));
                return;
            }

            group = inner;
        }

        group.Set(names[^1], YamlNodes.Value(value, path, problems));
    }
}
