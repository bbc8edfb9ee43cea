namespace Parcae.Liveput.Planning;

/// <summary>Minimum-cost assignment of instances to places (shortest augmenting paths with potentials, after Jonker and Volgenant; O(rows² · columns)).</summary>
public static class Assignment
{
    /// <summary>The column of each row such that the sum of the costs is least and no column is used twice.</summary>
    /// <param name="cost">Finite costs, <c>[rows, columns]</c>, columns at least rows: rows are places, columns instances.</param>
    /// <returns>For each row its column; the same input always gives the same answer.</returns>
    /// <exception cref="ArgumentException">There are fewer columns than rows, or a cost is not finite.</exception>
    public static int[] Solve(double[,] cost)
    {
        ArgumentNullException.ThrowIfNull(cost);
        int rows = cost.GetLength(0), columns = cost.GetLength(1);
        if (columns < rows) throw new ArgumentException($"{rows} places need at least as many instances; there are {columns}.", nameof(cost));
        foreach (double value in cost)
        {
            if (!double.IsFinite(value)) throw new ArgumentException($"A cost is {value}; every cost must be finite.", nameof(cost));
        }

        // Column 0 stands for "no column yet"; real rows and columns count from 1.
        var rowPotential = new double[rows + 1];
        var columnPotential = new double[columns + 1];
        var rowOf = new int[columns + 1];
        var previous = new int[columns + 1];
        var distance = new double[columns + 1];
        var done = new bool[columns + 1];
        for (int start = 1; start <= rows; start++)
        {
            Array.Fill(distance, double.PositiveInfinity);
            Array.Clear(done);
            rowOf[0] = start;
            int column = 0;
            do
            {
                column = Advance(cost, rowOf[column], column, rowPotential, columnPotential, rowOf, previous, distance, done);
            }
            while (rowOf[column] != 0);

            for (; column != 0; column = previous[column]) rowOf[column] = rowOf[previous[column]];
        }

        var columnOf = new int[rows];
        for (int column = 1; column <= columns; column++)
        {
            if (rowOf[column] != 0) columnOf[rowOf[column] - 1] = column - 1;
        }

        return columnOf;
    }

    /// <summary>One step of the shortest-path search from <paramref name="column"/>, held by <paramref name="row"/>: the nearest column not yet done.</summary>
    private static int Advance(
        double[,] cost, int row, int column, double[] rowPotential, double[] columnPotential, int[] rowOf, int[] previous, double[] distance, bool[] done)
    {
        done[column] = true;
        double least = double.PositiveInfinity;
        int next = 0;
        for (int j = 1; j < distance.Length; j++)
        {
            if (done[j]) continue;
            double reduced = cost[row - 1, j - 1] - rowPotential[row] - columnPotential[j];
            if (reduced < distance[j])
            {
                distance[j] = reduced;
                previous[j] = column;
            }

            if (distance[j] < least)
            {
                least = distance[j];
                next = j;
            }
        }

        for (int j = 0; j < distance.Length; j++)
        {
            if (done[j])
            {
                rowPotential[rowOf[j]] += least;
                columnPotential[j] -= least;
            }
            else
            {
                distance[j] -= least;
            }
        }

        return next;
    }
}
